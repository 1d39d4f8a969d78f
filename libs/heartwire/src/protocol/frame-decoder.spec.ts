import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { frame, header } from '../../../../test/support/raw-peer.js';
import { thrownBy } from '../../../../test/support/thrown.js';
import { FrameDecoder, type OnFrame } from './frame-decoder.js';
import { ProtocolViolation } from './protocol-violation.js';

const LIMIT = 4_194_304;

interface Frame {
  readonly payload: string;
  readonly isBinary: boolean;
}

function collector(): { frames: Frame[]; onFrame: OnFrame } {
  const frames: Frame[] = [];
  const onFrame: OnFrame = (bytes, start, end, isBinary) => {
    frames.push({ payload: Buffer.from(bytes.subarray(start, end)).toString('latin1'), isBinary });
  };
  return { frames, onFrame };
}

function decode(chunks: readonly Uint8Array[], limit = LIMIT): Frame[] {
  const { frames, onFrame } = collector();
  const decoder = new FrameDecoder(limit);
  for (const chunk of chunks) decoder.push(chunk, onFrame);
  expect(decoder.pending).toBeUndefined();
  return frames;
}

describe('FrameDecoder', () => {
  const stream = Buffer.concat([
    frame('{"a":1}'),
    frame(''),
    frame('x'),
    frame('\0\0\0\0', 2),
    frame('yz'),
    frame(''),
  ]);
  const expected: Frame[] = [
    { payload: '{"a":1}', isBinary: false },
    { payload: 'x', isBinary: false },
    { payload: '\0\0\0\0', isBinary: true },
    { payload: 'yz', isBinary: false },
  ];

  it('finds the frames of a stream that comes as one chunk', () => {
    expect(decode([stream])).toEqual(expected);
  });

  it('finds the same frames wherever the stream is cut once', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(decode([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(expected);
    }
  });

  it('finds the same frames wherever the stream is cut twice', () => {
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
        expect(decode(chunks)).toEqual(expected);
      }
    }
  });

  it('finds the same frames when each byte comes alone', () => {
    expect(decode(Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(expected);
  });

  it('puts a long frame together in order, whatever the sizes of its pieces', () => {
    const payload = Buffer.alloc(100_000, 'heartwire, frame by frame. ');
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 900, max: 3_000 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(sizes, (pattern) => {
        const bytes = frame(payload);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = pattern[i % pattern.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(decode(chunks)).toEqual([{ payload: payload.toString('latin1'), isBinary: false }]);
      }),
      { numRuns: 30 },
    );
  });

  it('counts every complete frame, empty ones included', () => {
    const decoder = new FrameDecoder(LIMIT);
    decoder.push(stream.subarray(0, stream.length - 1), collector().onFrame);
    expect(decoder.framesDecoded).toBe(5);
    decoder.push(stream.subarray(-1), collector().onFrame);
    expect(decoder.framesDecoded).toBe(6);
  });

  it('takes an empty frame with the binary bit as empty', () => {
    expect(decode([frame('', 2)])).toEqual([]);
  });

  it('passes on a frame that lies in one chunk in place', () => {
    const chunk = Buffer.concat([frame('abc'), frame('de')]);
    const places: unknown[] = [];
    new FrameDecoder(LIMIT).push(chunk, (bytes, start, end) => places.push([bytes === chunk, start, end]));
    expect(places).toEqual([
      [true, 4, 7],
      [true, 11, 13],
    ]);
  });

  it('passes on in place a frame of which only the header came before', () => {
    const bytes = frame('abc');
    const chunk = bytes.subarray(2);
    const decoder = new FrameDecoder(LIMIT);
    const places: unknown[] = [];
    decoder.push(bytes.subarray(0, 2), collector().onFrame);
    decoder.push(chunk, (given, start, end) => places.push([given === chunk, start, end]));
    expect(places).toEqual([[true, 2, 5]]);
  });

  it('gives binary frames in the parts in which they came to whoever takes parts, and joins all others', () => {
    const bytes = Uint8Array.from({ length: 9_000 }, (_, at) => at & 255);
    const binary = Buffer.concat([header(bytes.length, 2), bytes]);
    const wire = Buffer.concat([frame('{"a":1}'), binary, frame('z'.repeat(3_000)), binary]);
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12_000 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(sizes, (cuts) => {
        const { frames, onFrame } = collector();
        const decoder = new FrameDecoder(LIMIT);
        let at = 0;
        for (let cut = 0; at < wire.length; cut++) {
          const to = at + (cuts[cut % cuts.length] ?? 1);
          decoder.push(wire.subarray(at, to), onFrame, (parts) => {
            expect(parts.length).toBeGreaterThan(1);
            expect(parts.every(({ length }) => length > 0)).toBe(true);
            frames.push({ payload: Buffer.concat(parts).toString('latin1'), isBinary: true });
          });
          at = to;
        }
        const payload = Buffer.from(bytes).toString('latin1');
        expect(frames).toEqual([
          { payload: '{"a":1}', isBinary: false },
          { payload, isBinary: true },
          { payload: 'z'.repeat(3_000), isBinary: false },
          { payload, isBinary: true },
        ]);
      }),
    );
  });

  it('does not copy parts that are long, nor keeps them', () => {
    const bytes = Buffer.alloc(5_000, 1);
    const chunks = [Buffer.concat([header(15_000, 2), bytes]), bytes, bytes, frame('next')];
    const { frames, onFrame } = collector();
    const seen: Uint8Array[] = [];
    const decoder = new FrameDecoder(LIMIT);
    for (const chunk of chunks) decoder.push(chunk, onFrame, (parts) => seen.push(...parts));
    expect(seen.map(({ buffer }) => buffer)).toEqual(chunks.slice(0, 3).map(({ buffer }) => buffer));
    expect(frames).toEqual([{ payload: 'next', isBinary: false }]);
    expect(seen).toHaveLength(3);
  });

  it('joins a frame into an array of the same class as its chunks', () => {
    const joined: Uint8Array[] = [];
    for (const bytes of [frame('abc'), new Uint8Array(frame('abc'))]) {
      const decoder = new FrameDecoder(LIMIT);
      decoder.push(bytes.subarray(0, 5), collector().onFrame);
      decoder.push(bytes.subarray(5), (given) => joined.push(given));
    }
    expect(joined.map((given) => Buffer.isBuffer(given))).toEqual([true, false]);
  });

  it('finds 100,000 tiny frames in one chunk', () => {
    const chunk = Buffer.concat(Array.from({ length: 100_000 }, () => frame('1')));
    expect(decode([chunk])).toHaveLength(100_000);
  });

  describe('what it says about an unfinished frame', () => {
    it('is true after every byte', () => {
      const decoder = new FrameDecoder(LIMIT);
      const seen = Array.from(frame('abc'), (byte) => {
        decoder.push(Buffer.of(byte), collector().onFrame);
        return decoder.pending;
      });
      expect(seen).toEqual([
        { declaredBytes: 0, heldBytes: 1 },
        { declaredBytes: 0, heldBytes: 2 },
        { declaredBytes: 0, heldBytes: 3 },
        { declaredBytes: 3, heldBytes: 4 },
        { declaredBytes: 3, heldBytes: 5 },
        { declaredBytes: 3, heldBytes: 6 },
        undefined,
      ]);
    });

    it('is nothing inside onFrame, as that frame is complete', () => {
      const decoder = new FrameDecoder(LIMIT);
      const bytes = frame('abc');
      const seen: unknown[] = [];
      decoder.push(bytes.subarray(0, 5), collector().onFrame);
      decoder.push(bytes.subarray(5), () => seen.push(decoder.pending));
      expect(seen).toEqual([undefined]);
    });
  });

  describe('refuses at the header', () => {
    it('a frame longer than the limit, wherever its header is cut', () => {
      const header = frame('abc').subarray(0, 4);
      for (let cut = 0; cut < header.length; cut++) {
        const decoder = new FrameDecoder(2);
        decoder.push(header.subarray(0, cut), collector().onFrame);
        const violation = thrownBy(ProtocolViolation, () => {
          decoder.push(header.subarray(cut), collector().onFrame);
        });
        expect(violation.code).toBe('FRAME_TOO_LARGE');
        expect(violation.message).toBe('a frame must be at most 2 bytes: 3 are declared');
      }
    });

    it('a frame with the reserved bit, wherever its header is cut', () => {
      const header = frame('abc', 1).subarray(0, 4);
      for (let cut = 0; cut < header.length; cut++) {
        const decoder = new FrameDecoder(LIMIT);
        decoder.push(header.subarray(0, cut), collector().onFrame);
        const violation = thrownBy(ProtocolViolation, () => {
          decoder.push(header.subarray(cut), collector().onFrame);
        });
        expect(violation.code).toBe('PROTOCOL_ERROR');
        expect(violation.message).toContain('bit 30');
      }
    });

    it('but not a frame of exactly the limit', () => {
      expect(decode([frame('abc')], 3)).toEqual([{ payload: 'abc', isBinary: false }]);
    });

    it('after it has passed on the frames before', () => {
      const { frames, onFrame } = collector();
      const decoder = new FrameDecoder(3);
      thrownBy(ProtocolViolation, () => {
        decoder.push(Buffer.concat([frame('abc'), frame('long')]), onFrame);
      });
      expect(frames).toEqual([{ payload: 'abc', isBinary: false }]);
    });

    it('and takes nothing more', () => {
      const { frames, onFrame } = collector();
      const decoder = new FrameDecoder(3);
      thrownBy(ProtocolViolation, () => {
        decoder.push(frame('long'), onFrame);
      });
      decoder.push(frame('abc'), onFrame);
      expect(frames).toEqual([]);
      expect(decoder.pending).toBeUndefined();
    });
  });

  describe('once it is stopped', () => {
    it('passes on nothing, even from inside onFrame', () => {
      for (let cut = 0; cut <= stream.length; cut++) {
        const decoder = new FrameDecoder(LIMIT);
        let calls = 0;
        const stopAtOnce = (): void => {
          calls += 1;
          decoder.stop();
        };
        decoder.push(stream.subarray(0, cut), stopAtOnce);
        decoder.push(stream.subarray(cut), stopAtOnce);
        expect(calls).toBe(1);
      }
    });

    it('holds nothing of an unfinished frame', () => {
      const decoder = new FrameDecoder(LIMIT);
      decoder.push(frame('abc').subarray(0, 6), collector().onFrame);
      decoder.stop();
      expect(decoder.pending).toBeUndefined();
    });

    it('as by an error from onFrame, which it passes on', () => {
      const { frames, onFrame } = collector();
      const decoder = new FrameDecoder(LIMIT);
      const failing = (): never => {
        throw new RangeError('from the application');
      };
      expect(() => {
        decoder.push(stream, failing);
      }).toThrow(new RangeError('from the application'));
      decoder.push(stream, onFrame);
      expect(frames).toEqual([]);
    });
  });

  it('refuses random bytes with nothing but a ProtocolViolation, and never holds more than the limit and a header', () => {
    const headers = fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 }))
      .map(([flags, length]) => new Uint8Array(header(length, flags)));
    const chunks = fc.array(fc.oneof(fc.uint8Array({ maxLength: 30 }), headers));
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 64 }), (pieces, limit) => {
        const decoder = new FrameDecoder(limit);
        try {
          for (const piece of pieces) {
            decoder.push(piece, (_bytes, start, end) => {
              expect(end - start).toBeGreaterThan(0);
              expect(end - start).toBeLessThanOrEqual(limit);
            });
            const { declaredBytes, heldBytes } = decoder.pending ?? { declaredBytes: 0, heldBytes: 0 };
            expect(declaredBytes).toBeLessThanOrEqual(limit);
            expect(heldBytes).toBeLessThan(limit + 4);
          }
        } catch (error) {
          if (!(error instanceof ProtocolViolation)) throw error;
          expect(decoder.pending).toBeUndefined();
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
