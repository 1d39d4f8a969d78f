import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ConnectionAge } from './connection-age.js';

describe('the age of connections', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it.each([
    [0, 900],
    [0.5, 1_000],
    [0.75, 1_050],
  ])('ends them within ±10 % (chance %p: after %p ms)', (chance, ms) => {
    const old: string[] = [];
    const age = new ConnectionAge<string>(
      1_000,
      () => chance,
      (connection) => old.push(connection),
    );
    age.begin('one');
    jest.advanceTimersByTime(ms - 1);
    expect(old).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(old).toEqual(['one']);
  });

  it('begins anew with a new link, and is forgotten without one', () => {
    const old: string[] = [];
    const age = new ConnectionAge<string>(
      1_000,
      () => 0.5,
      (connection) => old.push(connection),
    );
    age.begin('one');
    age.begin('two');
    jest.advanceTimersByTime(900);
    age.begin('one');
    age.end('two');
    jest.advanceTimersByTime(999);
    expect(old).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(old).toEqual(['one']);
  });

  it('costs no timer where it doesn’t count', () => {
    const age = new ConnectionAge<string>(Infinity, Math.random, () => undefined);
    age.begin('one');
    expect(jest.getTimerCount()).toBe(0);
  });
});
