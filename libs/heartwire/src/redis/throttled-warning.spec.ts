import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ThrottledWarning } from './throttled-warning.js';

describe('a throttled warning', () => {
  let warned: string[];
  let warning: ThrottledWarning;

  beforeEach(() => {
    jest.useFakeTimers();
    warned = [];
    warning = new ThrottledWarning((message) => warned.push(message));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is made at once, and again after 30 s, with how often it was kept back', () => {
    warning.give('no Redis');
    warning.give('no Redis');
    jest.advanceTimersByTime(29_999);
    warning.give('no Redis');
    expect(warned).toEqual(['no Redis']);
    jest.advanceTimersByTime(1);
    warning.give('no Redis');
    jest.advanceTimersByTime(30_000);
    warning.give('no Redis');
    expect(warned).toEqual(['no Redis', 'no Redis (and 2 times before)', 'no Redis']);
  });

  it('is made at once again when what it was about is over', () => {
    warning.give('no Redis');
    warning.give('no Redis');
    warning.settle();
    warning.give('no Redis');
    expect(warned).toEqual(['no Redis', 'no Redis']);
  });
});
