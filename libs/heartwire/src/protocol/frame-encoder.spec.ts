import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { openEnvelope } from './binary-envelope.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameEncoder } from './frame-encoder.js';
import type { Outgoing } from './outgoing.js';

function encoder(slabBytes?: number): {
  encode: (batch: readonly Outgoing[]) => Uint8Array[];
  allocated: Buffer[];
} {
  const allocated: Buffer[] = [];
  const frames = new FrameEncoder((bytes) => {
    // A buffer that wasn't cleared: what the encoder leaves out would show.
    const buffer = Buffer.alloc(bytes, 0xee);
    allocated.push(buffer);
    return buffer;
  }, slabBytes);
  return { encode: (batch) => frames.encode(batch), allocated };
}

/** What the other end would read. */
function read(buffers: readonly Uint8Array[]): Outgoing[] {
  const messages: Outgoing[] = [];
  const decoder = new FrameDecoder(0x3fff_ffff);
  for (const buffer of buffers) {
    decoder.push(buffer, (chunk, start, end, isBinary) => {
      const payload = Buffer.from(chunk.subarray(start, end));
      if (isBinary) {
        const { header, bytes } = openEnvelope(payload);
        messages.push({ header: Buffer.from(header).toString(), bytes: new Uint8Array(bytes) });
      } else {
        messages.push(payload.toString());
      }
    });
  }
  if (decoder.pending !== undefined) throw new Error('the last frame is not complete');
  return messages;
}

function hex(buffers: readonly Uint8Array[]): string {
  return Buffer.concat(buffers).toString('hex');
}

/** UTF-8 has no lone surrogates: they go out as U+FFFD. */
function asSent(message: Outgoing): Outgoing {
  if (typeof message === 'string') return Buffer.from(message).toString();
  if ('body' in message) return Buffer.from(message.head + message.body + message.tail).toString();
  return { header: Buffer.from(message.header).toString(), bytes: new Uint8Array(message.bytes) };
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('é', '€', '😀', '\ud800', '\udc00', 'ascii').map((unit) => unit.repeat(30)),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);
/** Where a text is cut, no character is. */
const anyPart = anyText.map((text) => Buffer.from(text).toString());
const anyMessage: fc.Arbitrary<Outgoing> = fc.oneof(
  anyText.filter((text) => text.length > 0),
  fc.record({ head: anyPart, body: anyPart, tail: fc.constant('}') }),
  fc.record({ header: anyText, bytes: fc.uint8Array({ maxLength: 100 }) }),
);

describe('FrameEncoder', () => {
  it('writes a text after its length in bytes', () => {
    expect(hex(encoder().encode(['{"a":"é"}']))).toBe(`0000000a${Buffer.from('{"a":"é"}').toString('hex')}`);
  });

  it('writes a binary envelope after a header with the binary bit', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(hex(encoder().encode([{ header: '{"é":1}', bytes }]))).toBe(
      `8000000f00000008${Buffer.from('{"é":1}').toString('hex')}010203`,
    );
  });

  it('makes one buffer of a batch', () => {
    const batch: Outgoing[] = Array.from({ length: 500 }, (_, i) => `{"id":${String(i)},"response":"pong"}`);
    batch.push({ header: '{"id":500}', bytes: Buffer.alloc(16_384, 1) });
    const buffers = encoder().encode(batch);
    expect(buffers).toHaveLength(1);
    expect(read(buffers)).toEqual(batch.map(asSent));
  });

  it('makes nothing of an empty batch', () => {
    expect(encoder().encode([])).toEqual([]);
  });

  it('makes an empty frame of an empty text', () => {
    expect(hex(encoder().encode(['']))).toBe('00000000');
  });

  it('writes many batches into one slab, each into its own part', () => {
    const { encode, allocated } = encoder(1_000);
    const sent = Array.from({ length: 20 }, (_, i) => encode([`{"id":${String(i)}}`]));
    expect(allocated).toHaveLength(1);
    expect(sent.flatMap((buffers) => read(buffers))).toEqual(
      Array.from({ length: 20 }, (_, i) => `{"id":${String(i)}}`),
    );
  });

  it('never touches bytes again that it has given away', () => {
    const { encode } = encoder(64);
    const before: string[] = [];
    const sent: Uint8Array[][] = [];
    for (let i = 0; i < 200; i++) {
      const buffers = encode([
        `${'é'.repeat(i % 40)}${String(i)}`,
        { header: String(i), bytes: Buffer.alloc(i % 20, i) },
      ]);
      sent.push(buffers);
      before.push(hex(buffers));
    }
    expect(sent.map(hex)).toEqual(before);
  });

  it('passes long bytes on as they are, without a copy', () => {
    const bytes = Buffer.alloc(16_385, 7);
    const buffers = encoder().encode(['"before"', { header: '{"id":1}', bytes }, '"after"']);
    expect(buffers).toHaveLength(3);
    expect(buffers[1]).toBe(bytes);
    expect(read(buffers)).toEqual([
      '"before"',
      { header: '{"id":1}', bytes: new Uint8Array(bytes) },
      '"after"',
    ]);
  });

  it('copies short bytes, so that the caller may change them at once', () => {
    const bytes = Buffer.from('first');
    const buffers = encoder().encode([{ header: '{}', bytes }]);
    bytes.write('later');
    expect(read(buffers)).toEqual([{ header: '{}', bytes: new Uint8Array(Buffer.from('first')) }]);
  });

  it.each(['a', 'é', '€', '😀', '\ud800', 'aé€'])(
    'writes all of a text of %p, wherever the slab ends',
    (unit) => {
      const wrong: unknown[] = [];
      for (let used = 1; used < 66; used++) {
        for (let units = 1; units < 40; units++) {
          const batch = ['x'.repeat(used), unit.repeat(units), '"after"'];
          const arrived = read(encoder(64).encode(batch));
          if (arrived.join() !== batch.map(asSent).join()) wrong.push({ used, units, arrived });
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  it('gives a long text a buffer of its own, about as long as the text, and keeps its slab', () => {
    const { encode, allocated } = encoder(1_000);
    const text = 'x'.repeat(100_000);
    const header = `{"id":"${text}"}`;
    const batch = ['"before"', text, { header, bytes: Buffer.from('bytes') }, '"after"'];
    expect(read(encode(batch))).toEqual(batch.map(asSent));
    expect(allocated).toHaveLength(3);
    for (const buffer of allocated.slice(1)) expect(buffer.length).toBeLessThan(115_000);
  });

  it.each(['é', '€', '😀', '\udc00'])('writes all of a long text of %p', (unit) => {
    const text = unit.repeat(50_000);
    expect(read(encoder().encode([text]))).toEqual([asSent(text)]);
    expect(read(encoder().encode([{ header: text, bytes: Uint8Array.of(1) }]))).toEqual([
      asSent({ header: text, bytes: Uint8Array.of(1) }),
    ]);
  });

  it('is read back by the decoder, whatever the texts, the bytes and the slab', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyMessage)), fc.integer({ min: 1, max: 400 }), (batches, slabBytes) => {
        const { encode } = encoder(slabBytes);
        const sent = batches.flatMap((batch) => encode(batch));
        expect(read(sent)).toEqual(batches.flat().map(asSent));
      }),
      { numRuns: 500 },
    );
  });
});
