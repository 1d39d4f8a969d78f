import { describe, expect, it } from '@jest/globals';

import { seededRandom } from './seeded-random.js';

const draw = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe('seeded randomness', () => {
  it('repeats for the same seed, and differs for another', () => {
    expect(draw(7, 100)).toEqual(draw(7, 100));
    expect(draw(7, 100)).not.toEqual(draw(8, 100));
  });

  it('is spread evenly over [0, 1)', () => {
    const buckets = new Array<number>(10).fill(0);
    for (const value of draw(1, 10_000))
      buckets[Math.floor(value * 10)] = (buckets[Math.floor(value * 10)] ?? NaN) + 1;
    expect(buckets).toHaveLength(10);
    for (const count of buckets) {
      expect(count).toBeGreaterThan(900);
      expect(count).toBeLessThan(1_100);
    }
  });
});
