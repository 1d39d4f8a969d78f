import { describe, expect, it } from '@jest/globals';

import { callBody } from './call-body.js';

const codec = { encode: (packet: object) => ({ letter: packet }), decode: undefined };

describe('what a call says', () => {
  it.each(['', 'said', 0, -1.5, {}, { cmd: 'say' }, ['said'], new Date(0)])(
    'may have the pattern %j',
    (pattern) => {
      const message = JSON.parse(callBody(pattern, 1).event(undefined) as string) as unknown;
      expect(message).toEqual({ pattern: JSON.parse(JSON.stringify(pattern)) as unknown, data: 1 });
    },
  );

  it.each([undefined, null, true, NaN, Infinity, Symbol('said'), () => 'said', new Date(NaN), 1n])(
    'has no pattern %p, which would end the connection at the other end',
    (pattern) => {
      const refusal = expect.objectContaining({ code: 'UNSERIALIZABLE', sent: 'never' });
      expect(() => callBody(pattern, 1)).toThrow(refusal);
      expect(() => callBody(pattern, new Uint8Array(1))).toThrow(refusal);
      expect(() => callBody(pattern, 1, undefined, codec)).toThrow(refusal);
    },
  );

  it.each([{ trace: 7 }, { trace: undefined }, { trace: null }, { trace: ['x'] }])(
    'has no metadata %p, which would end the connection at the other end',
    (metadata) => {
      expect(() => callBody('said', 1, metadata as never)).toThrow(
        expect.objectContaining({ code: 'UNSERIALIZABLE', message: 'metadata.trace must be a string' }),
      );
    },
  );

  it.each([5, 'trace', true, 1n, () => undefined])('has no metadata that are %p', (metadata) => {
    expect(() => callBody('said', 1, metadata as never)).toThrow(
      expect.objectContaining({ code: 'UNSERIALIZABLE', message: 'metadata must be an object' }),
    );
  });

  it('keeps its metadata as they were when it was made', () => {
    const metadata = { trace: 'first' };
    const body = callBody('said', 1, metadata);
    metadata.trace = 'second';
    expect(body.event(undefined)).toBe('{"pattern":"said","data":1,"metadata":{"trace":"first"}}');
    expect(callBody('said', 1, {}).event(undefined)).toBe('{"pattern":"said","data":1}');
  });

  it.each([
    ['JSON', 'x', undefined],
    ['bytes', new Uint8Array(1), undefined],
    ["a serializer's", 'x', codec],
  ])('counts all of it while it waits, its metadata too: %s', (_, data, itsCodec) => {
    const trace = 't'.repeat(1_000);
    const bare = callBody('said', data, undefined, itsCodec).sizeBytes;
    const body = callBody('said', data, { trace }, itsCodec);
    expect(body.sizeBytes - bare).toBeGreaterThanOrEqual(trace.length);
    expect(callBody(trace, data, undefined, itsCodec).sizeBytes).toBeGreaterThan(trace.length);
  });
});
