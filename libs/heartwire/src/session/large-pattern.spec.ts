import { describe, expect, it } from '@jest/globals';

import { isLargePattern } from './large-pattern.js';

const members = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`key ${String(at)}`, 'x']));

describe('a pattern', () => {
  it.each([
    ['text'],
    ['x'.repeat(100_000)],
    [7],
    [{ cmd: 'sum' }],
    [{ a: { b: [{ c: 1 }] } }],
    [members(1_000)],
  ])('may be a handler’s', (pattern) => {
    expect(isLargePattern(pattern)).toBe(false);
  });

  it('is nobody’s with more than a thousand members, wherever they are', () => {
    expect(isLargePattern(members(1_001))).toBe(true);
    expect(isLargePattern({ a: { b: members(1_000) } })).toBe(true);
    expect(isLargePattern({ a: members(500), b: members(500) })).toBe(true);
    expect(isLargePattern(new Array(1_001).fill(1))).toBe(true);
    expect(isLargePattern(new Array(600).fill({ a: 1 }))).toBe(true);
  });

  it('is looked at no further, however deep it goes', () => {
    expect(isLargePattern(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBe(true);
  });
});
