import { describe, expect, it } from '@jest/globals';

import { bulkWindowBytes } from './bulk-window.js';

const KIB = 1_024;

describe('how much of streams may be on its way', () => {
  it('is little on a short link, and before its round trip is known', () => {
    expect(bulkWindowBytes()).toBe(384 * KIB);
    expect(bulkWindowBytes(0.2)).toBe(384 * KIB);
  });

  it('grows with the round trip, so that a long link is kept busy', () => {
    expect(bulkWindowBytes(10)).toBe(1_280 * KIB);
    expect(bulkWindowBytes(20)).toBe(2_560 * KIB);
  });

  it('has a bound', () => {
    expect(bulkWindowBytes(60_000)).toBe(4_096 * KIB);
  });
});
