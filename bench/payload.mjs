const SENTENCE = 'Any byte received is a sign of life; bytes sent never are. ';

/** An object whose JSON takes exactly `bytes` bytes; `n` tells it from others of its size. */
export function payload(bytes, n = 0) {
  const frame = JSON.stringify({ n, text: '' });
  return { n, text: Buffer.alloc(bytes - frame.length, SENTENCE).toString('latin1') };
}
