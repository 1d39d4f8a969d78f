import { describe, expect, it } from '@jest/globals';

import { suspicion } from './suspicion.js';

describe('suspicion', () => {
  it('is about 0.3 at the usual silence, where half of all live peers are heard', () => {
    expect(suspicion(1_020, 1_000, 20)).toBeCloseTo(Math.log10(2), 5);
  });

  it('is what the normal distribution says, a few deviations out', () => {
    // One-sided tails of the normal distribution: 15.87 % beyond 1 σ, 2.275 % beyond 2 σ, 0.135 % beyond 3 σ.
    expect(10 ** -suspicion(1_100, 1_000)).toBeCloseTo(0.1587, 2);
    expect(10 ** -suspicion(1_200, 1_000)).toBeCloseTo(0.02275, 3);
    expect(10 ** -suspicion(1_300, 1_000)).toBeCloseTo(0.00135, 3);
  });

  it('is none while nothing had to be heard', () => {
    expect(suspicion(0, 1_000)).toBeLessThan(0.001);
    expect(suspicion(0, 1_000, 3_000)).toBe(0);
  });

  it('grows with the silence, without an end but its largest', () => {
    let last = -1;
    for (let silentForMs = 0; silentForMs < 2_500; silentForMs += 50) {
      const phi = suspicion(silentForMs, 1_000, 5, 2);
      expect(phi).toBeGreaterThanOrEqual(last);
      last = phi;
    }
    expect(suspicion(1e9, 1_000)).toBe(300);
  });

  it('grows more slowly where round trips vary much', () => {
    expect(suspicion(1_300, 1_000, 50, 200)).toBeLessThan(suspicion(1_300, 1_000, 50, 1));
  });
});
