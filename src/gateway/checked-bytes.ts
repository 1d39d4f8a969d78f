import { createHash } from 'node:crypto';

/** What bytes must come to. */
export interface Expected {
  readonly size: number;
  /** Not known for every file. */
  readonly sha256?: string | undefined;
}

/**
 * Passes bytes on. The last piece waits until all of them are there and are the right ones: who is told
 * their length sees that bytes are missing.
 *
 * @throws Error when they are not what was expected.
 */
export async function* checkedBytes(
  pieces: AsyncIterable<Uint8Array>,
  expected: Expected,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    hash.update(piece);
    size += piece.byteLength;
    if (held !== undefined) yield held;
    held = piece;
  }
  if (size !== expected.size) throw new Error(`${String(size)} bytes came, not ${String(expected.size)}`);
  const sha256 = hash.digest('hex');
  if (expected.sha256 !== undefined && sha256 !== expected.sha256) {
    throw new Error(`the SHA-256 of what came is ${sha256}, not ${expected.sha256}`);
  }
  if (held !== undefined) yield held;
}
