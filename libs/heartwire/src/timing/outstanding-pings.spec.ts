import { describe, expect, it } from '@jest/globals';

import { OutstandingPings } from './outstanding-pings.js';

describe('OutstandingPings', () => {
  it('gives every ping a later timestamp, also where the clock stands still or has gone back', () => {
    const pings = new OutstandingPings();
    const timestamps = [5, 5, 5, 4, 5.0025, 6].map((now) => pings.add(now));
    expect(timestamps).toEqual([5, 5.001, 5.002, 5.003, 5.004, 6]);
  });

  it('gives timestamps of few digits, which survive a peer that prints only fourteen', () => {
    const pings = new OutstandingPings();
    for (const now of [0.1 + 0.2, 81_234.567_891_234, 1e9 / 3]) {
      const timestamp = pings.add(now);
      expect(Math.abs(timestamp - now)).toBeLessThanOrEqual(0.000_501);
      expect(pings.take(Number(timestamp.toPrecision(14)))).toBe(true);
    }
  });

  it('knows a ping until it is answered', () => {
    const pings = new OutstandingPings();
    const timestamp = pings.add(10);
    expect(pings.take(11)).toBe(false);
    expect(pings.take(timestamp)).toBe(true);
    expect(pings.take(timestamp)).toBe(false);
  });

  it('forgets the pings before the one that was answered', () => {
    const pings = new OutstandingPings();
    const [first, second, third] = [pings.add(1), pings.add(2), pings.add(3)];
    expect(pings.take(second)).toBe(true);
    expect(pings.take(first)).toBe(false);
    expect(pings.take(third)).toBe(true);
  });

  it('remembers the last eight', () => {
    const pings = new OutstandingPings();
    for (let now = 1; now <= 9; now += 1) pings.add(now);
    expect(pings.take(1)).toBe(false);
    expect(pings.take(2)).toBe(true);
  });
});
