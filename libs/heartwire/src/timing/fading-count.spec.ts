import { describe, expect, it } from '@jest/globals';

import { FadingCount } from './fading-count.js';

describe('a count that fades', () => {
  let now = 5_000;
  const clock = { now: () => now };

  it('counts what happens at once in full', () => {
    const count = new FadingCount(clock);
    expect(count.value).toBe(0);
    for (let times = 0; times < 8; times += 1) count.add();
    expect(count.value).toBe(8);
  });

  it('is half of it after a second, however often it is looked at', () => {
    const [one, other] = [new FadingCount(clock), new FadingCount(clock)];
    for (const count of [one, other]) for (let times = 0; times < 8; times += 1) count.add();
    for (let look = 0; look < 10; look += 1) {
      now += 100;
      expect(one.value).toBeLessThan(8);
    }
    expect(one.value).toBeCloseTo(4);
    expect(other.value).toBeCloseTo(4);
    now += 1_000;
    expect(one.value).toBeCloseTo(2);
  });

  it('adds to what is left', () => {
    const count = new FadingCount(clock);
    count.add();
    count.add();
    now += 1_000;
    count.add();
    expect(count.value).toBeCloseTo(2);
  });

  it('is nothing soon, not ever less', () => {
    const count = new FadingCount(clock);
    count.add();
    now += 999;
    expect(count.value).toBeGreaterThan(0);
    now += 2;
    expect(count.value).toBe(0);
  });
});
