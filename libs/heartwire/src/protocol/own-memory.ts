import { sameClass } from './same-class.js';

/** A view may keep so many times its own bytes. */
const MAX_KEPT = 4;

/**
 * What is to wait; bytes without much else: a small view keeps all that was read from the carrier with it, so it is
 * copied.
 */
export function ownMemory<Value>(value: Value): Value {
  if (!(value instanceof Uint8Array) || value.byteLength * MAX_KEPT >= value.buffer.byteLength) return value;
  const own = sameClass(value, value.byteLength);
  own.set(value);
  return own as Value & Uint8Array;
}
