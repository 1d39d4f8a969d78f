import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { checkedBytes, type Expected } from './checked-bytes.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What passed, and how it ended. */
async function passed(texts: readonly string[], expected: Expected): Promise<unknown[]> {
  const seen: unknown[] = [];
  const source = (async function* () {
    for (const text of texts) yield Buffer.from(text);
  })();
  try {
    for await (const piece of checkedBytes(source, expected)) seen.push(String(piece));
  } catch (error) {
    seen.push(error instanceof Error ? error.message : error);
  }
  return seen;
}

describe('bytes on their way', () => {
  it('pass when they are the right ones', async () => {
    const texts = ['one', 'two', 'three'];
    expect(await passed(texts, { size: 11, sha256: sha256('onetwothree') })).toEqual(texts);
    expect(await passed(texts, { size: 11 })).toEqual(texts);
    expect(await passed([], { size: 0, sha256: sha256('') })).toEqual([]);
  });

  it('do not pass whole when they come to another digest', async () => {
    expect(await passed(['one', 'two'], { size: 6, sha256: sha256('onetoo') })).toEqual([
      'one',
      expect.stringMatching(/SHA-256/),
    ]);
  });

  it('do not pass whole when some are missing, or too many', async () => {
    expect(await passed(['one', 'two'], { size: 7 })).toEqual(['one', '6 bytes came, not 7']);
    expect(await passed(['one', 'two'], { size: 3 })).toEqual(['one', '6 bytes came, not 3']);
  });
});
