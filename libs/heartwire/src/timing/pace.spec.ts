import { describe, expect, it } from '@jest/globals';

import { AdaptivePace } from './pace.js';
import { RoundTrip } from './round-trip.js';

const CEILING = { intervalMs: 5_000, timeoutMs: 10_000 };

function paceAt(...roundTripsMs: number[]): { intervalMs: number; timeoutMs: number } {
  const roundTrip = new RoundTrip();
  for (const ms of roundTripsMs) roundTrip.sample(ms);
  const { intervalMs, timeoutMs } = new AdaptivePace(CEILING, roundTrip);
  return { intervalMs, timeoutMs };
}

describe('AdaptivePace', () => {
  it('asks often and waits long until a round trip was measured', () => {
    expect(paceAt()).toEqual({ intervalMs: 500, timeoutMs: 10_000 });
  });

  it('comes down to its floor on a quick network', () => {
    expect(paceAt(0.2, 0.3, 0.2)).toEqual({ intervalMs: 500, timeoutMs: 1_000 });
  });

  it('follows the round trip and its jitter: ten late round trips, and ten more', () => {
    // RFC 6298: a first round trip of 80 ms has a jitter of 40, so a late one takes 240.
    expect(paceAt(80)).toEqual({ intervalMs: 2_400, timeoutMs: 4_800 });
    const steady = paceAt(...Array.from({ length: 100 }, () => 80));
    expect(steady.intervalMs).toBeCloseTo(800, 0);
    expect(steady.timeoutMs).toBeCloseTo(1_600, 0);
  });

  it('never goes beyond its ceiling', () => {
    expect(paceAt(2_000)).toEqual(CEILING);
  });

  it('takes a ceiling below its floor for what was asked for', () => {
    const pace = new AdaptivePace({ intervalMs: 100, timeoutMs: 200 }, new RoundTrip());
    expect([pace.intervalMs, pace.timeoutMs]).toEqual([100, 200]);
  });
});
