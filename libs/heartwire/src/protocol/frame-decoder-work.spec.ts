import { describe, expect, it } from '@jest/globals';

import { FrameDecoder } from './frame-decoder.js';
import { ProtocolViolation } from './protocol-violation.js';

// Work is counted here, never timed: bench/decoder-linearity.mjs takes the time.

/** Bytes that count what is copied into their kind, and how much room is taken for it. */
function countingBytes() {
  const counts = { copied: 0, allocated: 0, arrays: 0 };
  class CountingBytes extends Uint8Array<ArrayBuffer> {
    constructor(source: number | ArrayBuffer, offset?: number, length?: number) {
      super(source as ArrayBuffer, offset, length);
      if (typeof source !== 'number') return;
      counts.allocated += source;
      counts.arrays += 1;
    }

    override set(source: ArrayLike<number>, offset?: number): void {
      counts.copied += source.length;
      super.set(source, offset);
    }
  }
  const wrap = (bytes: Uint8Array): Uint8Array => new CountingBytes(new Uint8Array(bytes).buffer);
  return { counts, wrap };
}

function frameOf(payloadBytes: number): Buffer {
  const bytes = Buffer.alloc(4 + payloadBytes);
  bytes.writeUInt32BE(payloadBytes);
  return bytes;
}

function ignore(): void {
  // Only the decoder's work matters here.
}

/** What it takes to decode one frame, and the most that was held before it was complete. */
function workOf(payloadBytes: number, chunkBytes: number) {
  const { counts, wrap } = countingBytes();
  const decoder = new FrameDecoder(payloadBytes);
  const bytes = frameOf(payloadBytes);
  let held = 0;
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    held = counts.allocated;
    decoder.push(wrap(bytes.subarray(at, at + chunkBytes)), ignore);
  }
  expect(decoder.framesDecoded).toBe(1);
  return { ...counts, held };
}

describe('the work of a FrameDecoder', () => {
  it.each([65_536, 1_048_576, 8_388_608])(
    'is one copy of each byte, at the end, for a frame of %d bytes in chunks of 1 KiB',
    (size) => {
      const { copied, allocated, arrays } = workOf(size, 1_024);
      // The first piece shares its chunk with the header: a little short of 1 KiB, it is copied at once.
      expect(copied).toBeLessThanOrEqual(size + 1_024);
      expect(allocated).toBeLessThanOrEqual(size + 1_024);
      expect(arrays).toBe(2);
    },
  );

  it.each([1_000, 65_536, 262_144])(
    'is two copies of each byte, into few arrays, for a frame of %d bytes that come one by one',
    (size) => {
      const { copied, allocated, arrays, held } = workOf(size, 1);
      expect(copied).toBeLessThanOrEqual(2 * size);
      expect(allocated).toBeLessThanOrEqual(2 * size);
      expect(held).toBeLessThanOrEqual(size);
      expect(arrays).toBeLessThanOrEqual(17 + size / 16_384);
    },
  );

  it('is no copy at all for a frame that lies in one chunk', () => {
    expect(workOf(65_536, 65_540)).toEqual({ copied: 0, allocated: 0, arrays: 0, held: 0 });
  });

  it('takes room for what has arrived, never for what is declared', () => {
    const { counts, wrap } = countingBytes();
    const decoder = new FrameDecoder(4_194_304);
    const bytes = frameOf(4_194_304);
    let most = 0;
    for (let at = 0; at < 10_000; at++) {
      decoder.push(wrap(bytes.subarray(at, at + 1)), ignore);
      most = Math.max(most, counts.allocated / (at + 1));
    }
    expect(counts.allocated).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('takes no room for a frame that it refuses', () => {
    const { counts, wrap } = countingBytes();
    const decoder = new FrameDecoder(4_194_304);
    expect(() => {
      decoder.push(wrap(Buffer.from('3fffffff00', 'hex')), ignore);
    }).toThrow(ProtocolViolation);
    expect(counts).toEqual({ copied: 0, allocated: 0, arrays: 0 });
  });
});
