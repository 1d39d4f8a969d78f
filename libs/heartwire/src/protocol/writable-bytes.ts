import type { SplitText } from './outgoing.js';

/**
 * Bytes that text can be written into as UTF-8. `write` returns how many bytes it wrote; where room
 * ends it stops before a character that doesn't fit. Node's `Buffer` is one.
 */
export interface WritableBytes extends Uint8Array {
  write(text: string, offset: number): number;
}

/** Bytes of a binary message up to this many are copied in; longer ones go out as they are. */
export const MAX_COPIED_BYTES = 16_384;

/** Returns how many bytes were written: fewer than the text takes where the target ends. */
export function writeText(text: string | SplitText, target: WritableBytes, at: number): number {
  if (typeof text === 'string') return target.write(text, at);
  const body = at + target.write(text.head, at);
  const tail = body + target.write(text.body, body);
  return tail + target.write(text.tail, tail) - at;
}

/** 32 bits, big-endian. */
export function writeWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
}
