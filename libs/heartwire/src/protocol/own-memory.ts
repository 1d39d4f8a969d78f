import { sameClass } from './same-class.js';

/** A view may keep so many times its own bytes. */
const MAX_KEPT = 4;

/**
 * Bytes that are to wait, without much else: a small view keeps all that was read from the carrier with it, so it is
 * copied.
 */
export function ownMemory(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength * MAX_KEPT >= bytes.buffer.byteLength) return bytes;
  const own = sameClass(bytes, bytes.byteLength);
  own.set(bytes);
  return own;
}
