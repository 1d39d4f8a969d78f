import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { TokenBucket } from './token-bucket.js';

describe('a token bucket', () => {
  let now = 0;
  const clock = { now: () => now };

  const bucketOf = (perSecond: number): TokenBucket => {
    now = 5_000;
    return new TokenBucket(perSecond, clock);
  };

  it("has a second's worth to begin with", () => {
    const bucket = bucketOf(10);
    expect([bucket.take(9), bucket.take(1), bucket.take(1)]).toEqual([0, 0, 100]);
  });

  it('pays a debt off at its rate, and no faster for being asked', () => {
    const bucket = bucketOf(10);
    expect(bucket.take(30)).toBe(2_000);
    now += 500;
    expect(bucket.take(0)).toBe(1_500);
    now += 1_500;
    expect(bucket.take(0)).toBe(0);
    expect(bucket.take(1)).toBe(100);
  });

  it("saves no more than a second's worth", () => {
    const bucket = bucketOf(10);
    now += 3_600_000;
    expect(bucket.take(10)).toBe(0);
    expect(bucket.take(5)).toBe(500);
  });

  it('never lets more through than its rate and a second’s worth, whoever waits as told', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 2_000 }))),
        (perSecond, uses) => {
          const bucket = bucketOf(perSecond);
          const startedAt = now;
          let used = 0;
          for (const [count, restMs] of uses) {
            used += count;
            now += bucket.take(count);
            expect(used).toBeLessThanOrEqual(perSecond * (1 + (now - startedAt) / 1_000) + 1e-6);
            now += restMs;
          }
        },
      ),
    );
  });
});
