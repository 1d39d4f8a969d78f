import { describe, expect, it } from '@jest/globals';

import { roundTripPath } from './round-trip-path.js';

const area = { width: 40, height: 10, samples: 5 };

describe('the line of round trips', () => {
  it('ends at the right edge', () => {
    expect(roundTripPath([10, 5], area)).toBe('M30.0 0.0L40.0 5.0');
  });

  it('breaks where a beat was missed', () => {
    expect(roundTripPath([10, 10, undefined, 10, 10], area)).toBe('M0.0 0.0L10.0 0.0M30.0 0.0L40.0 0.0');
  });

  it('is low while the connection is fast, and fits when it is slow', () => {
    expect(roundTripPath([1], area)).toBe('M40.0 9.0');
    expect(roundTripPath([1_000, 500], area)).toBe('M30.0 0.0L40.0 5.0');
  });

  it('is nothing at first', () => {
    expect(roundTripPath([], area)).toBe('');
  });
});
