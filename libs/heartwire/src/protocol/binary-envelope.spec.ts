import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { attachBytes, openEnvelope } from './binary-envelope.js';
import { parseMessage } from './message-parser.js';
import { ProtocolViolation } from './protocol-violation.js';

function envelope(headerBytes: number, rest: string): Uint8Array {
  const bytes = Buffer.alloc(4 + rest.length);
  bytes.writeUInt32BE(headerBytes);
  bytes.write(rest, 4);
  return bytes;
}

describe('openEnvelope', () => {
  it('finds the header and the bytes, without a copy', () => {
    const whole = envelope(2, '{}abc');
    const { header, bytes } = openEnvelope(whole);
    expect([Buffer.from(header).toString(), Buffer.from(bytes).toString()]).toEqual(['{}', 'abc']);
    expect([header.buffer, bytes.buffer]).toEqual([whole.buffer, whole.buffer]);
  });

  it('opens an envelope that lies in the middle of other bytes', () => {
    const { header, bytes } = openEnvelope(
      Buffer.concat([Buffer.from('xx'), envelope(2, '{}abc')]).subarray(2),
    );
    expect([Buffer.from(header).toString(), Buffer.from(bytes).toString()]).toEqual(['{}', 'abc']);
  });

  it('finds empty bytes after the header', () => {
    expect(openEnvelope(envelope(2, '{}')).bytes).toHaveLength(0);
  });

  it('refuses a header that is longer than its envelope', () => {
    expect(() => openEnvelope(envelope(3, '{}'))).toThrow(
      new ProtocolViolation(
        'PROTOCOL_ERROR',
        "an envelope's header must fit into it: 3 bytes are declared, 2 are there",
      ),
    );
    expect(() => openEnvelope(envelope(0xffff_ffff, '{}'))).toThrow('4294967295 bytes are declared');
  });

  it.each([0, 1, 2, 3])('refuses an envelope of %d bytes', (length) => {
    expect(() => openEnvelope(new Uint8Array(length))).toThrow(ProtocolViolation);
  });

  it('opens or refuses whatever comes, and loses no byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (random) => {
        try {
          const { header, bytes } = openEnvelope(random);
          expect(4 + header.length + bytes.length).toBe(random.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
    );
  });
});

describe('attachBytes', () => {
  const bytes = Uint8Array.of(1, 2);

  it('gives a request or an event its data', () => {
    expect(attachBytes({ id: 1, pattern: 'p' }, bytes)).toEqual({ id: 1, pattern: 'p', data: bytes });
    expect(attachBytes({ pattern: 'p' }, bytes)).toEqual({ pattern: 'p', data: bytes });
  });

  it('gives a header that names a chunk its chunk', () => {
    expect(attachBytes({ id: 1, chunk: null }, bytes)).toEqual({ id: 1, chunk: bytes });
  });

  it('gives any other header its response', () => {
    expect(attachBytes({ id: 1 }, bytes)).toEqual({ id: 1, response: bytes });
    expect(parseMessage(attachBytes({ id: 1, isDisposed: true }, bytes))).toEqual({
      kind: 'response',
      id: 1,
      response: bytes,
      isDisposed: true,
    });
  });

  it('makes no copy of the header', () => {
    const header = { id: 1, chunk: null };
    expect(attachBytes(header, bytes)).toBe(header);
  });

  it('sets no prototype from a __proto__ key', () => {
    const attached = attachBytes(JSON.parse('{"id":1,"__proto__":{"pattern":"p"}}'), bytes) as {
      pattern?: unknown;
    };
    expect(Object.getPrototypeOf(attached)).toBe(Object.prototype);
    expect(attached.pattern).toBeUndefined();
  });

  it.each([null, 1, 'text', [[]]])('refuses %p as a header', (header) => {
    expect(() => attachBytes(header, bytes)).toThrow(ProtocolViolation);
  });

  it('refuses a control message as a header', () => {
    expect(() => attachBytes({ type: 'ping', timestamp: 1 }, bytes)).toThrow(ProtocolViolation);
  });
});
