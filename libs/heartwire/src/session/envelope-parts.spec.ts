import { describe, expect, it } from '@jest/globals';

import { closeEnvelope } from '../protocol/binary-envelope.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { portionsOf } from './envelope-parts.js';

const BYTES = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const CHUNK = '{"id":7,"chunk":null,"byteStream":true}';

/** An envelope, cut so many bytes before its end. */
function cut(header: string, ...beforeEnd: readonly number[]): Uint8Array[] {
  const envelope = closeEnvelope({ header, bytes: BYTES });
  const cuts = [0, ...beforeEnd.map((bytes) => envelope.length - bytes), envelope.length];
  return cuts.slice(1).map((to, at) => envelope.subarray(cuts[at], to));
}

describe('portionsOf', () => {
  it('makes each part of a chunk of a byte stream a chunk, that goes on up to the last', () => {
    const portions = portionsOf(cut(CHUNK, 5, 2)) ?? [];
    const chunk = { kind: 'chunk', id: 7, byteStream: true };
    expect(portions.map(({ message }) => message)).toEqual([
      { ...chunk, chunk: BYTES.subarray(0, 3), more: true },
      { ...chunk, chunk: BYTES.subarray(3, 6), more: true },
      { ...chunk, chunk: BYTES.subarray(6), more: undefined },
    ]);
    expect(portions.map(({ frameBytes }) => frameBytes)).toEqual([4 + CHUNK.length + 3, 3, 2]);
  });

  it('leaves what the whole said to the last: that more follows, or that it is the last of an answer', () => {
    const goesOn = portionsOf(cut('{"id":7,"chunk":null,"more":true,"byteStream":true}', 1));
    expect(goesOn?.map(({ message }) => message)).toMatchObject([{ more: true }, { more: true }]);
    const last = portionsOf(cut('{"id":7,"isDisposed":true,"byteStream":true}', 1));
    expect(last?.map(({ message }) => message)).toMatchObject([
      { kind: 'response', response: BYTES.subarray(0, 7), isDisposed: false, more: true },
      { kind: 'response', response: BYTES.subarray(7), isDisposed: true, more: undefined },
    ]);
  });

  it.each([
    ['that came whole', cut(CHUNK)],
    ['whose header is cut', cut(CHUNK, 20)],
    ['whose length of the header is cut', cut(CHUNK, CHUNK.length + BYTES.length + 2)],
    ['of which the header alone came first', cut(CHUNK, BYTES.length)],
    ['of an item', cut('{"id":7,"chunk":null}', 5)],
    ['of a request', cut('{"id":7,"pattern":"p","byteStream":true}', 5)],
  ])('leaves an envelope %s to be joined', (_, parts) => {
    expect(portionsOf(parts)).toBeUndefined();
  });

  it.each([
    ['no JSON', '{"id":7'],
    ['a control message', '{"type":"ping","timestamp":1,"byteStream":true}'],
    ['no message', '{"chunk":null,"byteStream":true}'],
  ])('refuses a header that is %s', (_, header) => {
    expect(() => portionsOf(cut(header, 5))).toThrow(ProtocolViolation);
  });
});
