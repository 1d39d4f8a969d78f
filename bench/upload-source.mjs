import { Readable } from 'node:stream';

const PIECE_BYTES = 65_536;

/** A stream of so many bytes, in pieces as a file would give them. */
export function uploadSource(bytes) {
  const piece = Buffer.alloc(PIECE_BYTES, 'Any byte received is a sign of life. ');
  let left = bytes;
  return new Readable({
    highWaterMark: PIECE_BYTES,
    read() {
      const size = Math.min(left, PIECE_BYTES);
      left -= size;
      this.push(size === 0 ? null : piece.subarray(0, size));
    },
  });
}
