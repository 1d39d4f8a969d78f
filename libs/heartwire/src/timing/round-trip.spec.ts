import { describe, expect, it } from '@jest/globals';

import { RoundTrip } from './round-trip.js';

function after(...samples: number[]) {
  const roundTrip = new RoundTrip();
  for (const ms of samples) roundTrip.sample(ms);
  const { lastMs, smoothedMs, jitterMs } = roundTrip;
  return { lastMs, smoothedMs, jitterMs };
}

describe('RoundTrip', () => {
  it('knows nothing before the first sample', () => {
    expect(after()).toEqual({ lastMs: undefined, smoothedMs: undefined, jitterMs: undefined });
  });

  it('takes the first sample as the mean, and half of it as the variation', () => {
    expect(after(100)).toEqual({ lastMs: 100, smoothedMs: 100, jitterMs: 50 });
  });

  it('follows RFC 6298: the variation by a quarter, measured against the old mean, then the mean by an eighth', () => {
    expect(after(100, 200)).toEqual({ lastMs: 200, smoothedMs: 112.5, jitterMs: 62.5 });
    expect(after(100, 200, 60)).toEqual({ lastMs: 60, smoothedMs: 105.9375, jitterMs: 60 });
  });

  it('takes a round trip of nothing for a sample', () => {
    expect(after(0)).toEqual({ lastMs: 0, smoothedMs: 0, jitterMs: 0 });
    expect(after(0, 8)).toEqual({ lastMs: 8, smoothedMs: 1, jitterMs: 2 });
  });

  it('settles on a steady round trip', () => {
    const steady = after(500, ...new Array<number>(200).fill(20));
    expect(steady.smoothedMs).toBeCloseTo(20, 6);
    expect(steady.jitterMs).toBeCloseTo(0, 6);
  });
});
