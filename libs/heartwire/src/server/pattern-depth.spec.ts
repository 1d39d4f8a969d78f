import { describe, expect, it } from '@jest/globals';

import { isDeeperThan } from './pattern-depth.js';

describe('the depth of a pattern', () => {
  it.each<[unknown, number]>([
    ['sum', 0],
    [7, 0],
    [null, 0],
    [{}, 1],
    [{ cmd: 'sum' }, 1],
    [[[]], 2],
    [{ a: 1, b: { c: [{ d: null }] }, e: {} }, 4],
  ])('%j has %i', (pattern, depth) => {
    expect(isDeeperThan(depth, pattern)).toBe(false);
    if (depth > 0) expect(isDeeperThan(depth - 1, pattern)).toBe(true);
  });

  it('of an object a million deep is not gone into', () => {
    const deep: unknown = JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000));
    expect(isDeeperThan(6, deep)).toBe(true);
  });
});
