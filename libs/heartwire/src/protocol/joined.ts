import { sameClass } from './same-class.js';

/** Several arrays in one, of the class of the first: beside a `Buffer`, a `Buffer`. One alone is not copied. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0), ...rest] = parts;
  if (rest.length === 0) return first;
  const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const whole = sameClass(first, bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
