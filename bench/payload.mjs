const SENTENCE = 'Any byte received is a sign of life; bytes sent never are. ';

/** An object whose JSON takes exactly `bytes` bytes; `n` tells it from others of its size. */
export function payload(bytes, n = 0) {
  const frame = JSON.stringify({ n, text: '' });
  return { n, text: Buffer.alloc(bytes - frame.length, SENTENCE).toString('latin1') };
}

/** An object of many small records, lines of text among them, whose JSON takes about `bytes` bytes. */
export function records(bytes) {
  const record = (id) => ({
    id,
    author: `user ${id}`,
    isRead: id % 2 === 0,
    tags: ['a', 'b'],
    text: SENTENCE + '\n',
  });
  return {
    n: 0,
    records: Array.from({ length: Math.round(bytes / JSON.stringify(record(99)).length) }, (_, id) =>
      record(id),
    ),
  };
}
