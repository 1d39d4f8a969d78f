import { describe, expect, it } from '@jest/globals';

import { Backoff, type BackoffSettings } from './backoff.js';

const settings: BackoffSettings = { firstMaxMs: 100, baseMs: 50, growthMs: 100, maxMs: 5_000 };

/** The longest wait of each attempt: a first one, then the base and twice as much random time with each. */
const longestMs = [100, 250, 450, 850, 1_650, 3_250, 5_050, 5_050, 5_050];

/** Always the same numbers for one seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function waits(random: () => number, count = longestMs.length): number[] {
  const backoff = new Backoff(settings, random);
  return Array.from({ length: count }, () => backoff.next());
}

describe('Backoff', () => {
  it('waits at least nothing at first, and the base from then on', () => {
    expect(waits(() => 0)).toEqual([0, 50, 50, 50, 50, 50, 50, 50, 50]);
  });

  it('doubles the random part with each attempt, up to its maximum', () => {
    const all = waits(() => 1 - Number.EPSILON);
    for (const [attempt, wait] of all.entries()) expect(wait).toBeCloseTo(longestMs[attempt] ?? NaN, 6);
  });

  it('keeps every attempt within its bounds, whatever the random numbers', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      for (const [attempt, wait] of waits(seeded(seed)).entries()) {
        expect(wait).toBeGreaterThanOrEqual(attempt === 0 ? 0 : 50);
        expect(wait).toBeLessThan(longestMs[attempt] ?? NaN);
      }
    }
  });

  it('spreads a thousand clients evenly over the first wait', () => {
    const random = seeded(7);
    const perTenth = new Array<number>(10).fill(0);
    for (let client = 0; client < 1_000; client += 1) {
      const tenth = Math.floor(new Backoff(settings, random).next() / 10);
      perTenth[tenth] = (perTenth[tenth] ?? 0) + 1;
    }
    expect(Math.min(...perTenth)).toBeGreaterThan(60);
    expect(Math.max(...perTenth)).toBeLessThan(140);
  });

  it('stays at the longest wait for ever', () => {
    const all = waits(() => 0.5, 2_000);
    expect(all.slice(7).every((wait) => wait === 2_550)).toBe(true);
  });

  it('waits no longer than a timer can, which would otherwise not wait at all', () => {
    const longest = 2 ** 31 - 1;
    const backoff = new Backoff({ ...settings, baseMs: longest, maxMs: longest }, () => 0.5);
    backoff.next();
    expect(backoff.next()).toBe(longest);
  });

  it('starts from the beginning after a reset, and counts the attempts since', () => {
    const backoff = new Backoff(settings, () => 0.5);
    expect(backoff.attempts).toBe(0);
    const before = [backoff.next(), backoff.next(), backoff.next()];
    expect(backoff.attempts).toBe(3);
    backoff.reset();
    expect(backoff.attempts).toBe(0);
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual(before);
    expect(before).toEqual([50, 150, 250]);
  });
});
