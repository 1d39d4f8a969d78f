import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { IdleWatch } from './idle-watch.js';

describe('the watch for connections that nobody uses', () => {
  let uses: Map<string, number | undefined>;
  let idle: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    uses = new Map();
    idle = [];
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const watch = (maxIdleMs = 1_000): IdleWatch<string> =>
    new IdleWatch<string>(maxIdleMs, performance, {
      useCountOf: (name) => uses.get(name),
      onIdle: (name) => idle.push(name),
    });

  it('tells one that was never used, once', () => {
    const watching = watch();
    uses.set('one', 0);
    watching.begin('one');
    jest.advanceTimersByTime(999);
    expect(idle).toEqual([]);
    jest.advanceTimersByTime(5_000);
    expect(idle).toEqual(['one']);
  });

  it('counts from the last use, and is late by a quarter at most', () => {
    const watching = watch();
    uses.set('one', 0).set('other', 0);
    watching.begin('one');
    watching.begin('other');
    jest.advanceTimersByTime(900);
    uses.set('one', 1);
    jest.advanceTimersByTime(100);
    expect(idle).toEqual(['other']);
    jest.advanceTimersByTime(899);
    expect(idle).toEqual(['other']);
    jest.advanceTimersByTime(251);
    expect(idle).toEqual(['other', 'one']);
  });

  it('takes none that is in use for idle, however long nothing is said', () => {
    const watching = watch();
    uses.set('one', undefined);
    watching.begin('one');
    jest.advanceTimersByTime(10_000);
    expect(idle).toEqual([]);
    uses.set('one', 7);
    jest.advanceTimersByTime(999);
    expect(idle).toEqual([]);
    jest.advanceTimersByTime(251);
    expect(idle).toEqual(['one']);
  });

  it('forgets one without a link', () => {
    const watching = watch();
    uses.set('one', 0);
    watching.begin('one');
    watching.end('one');
    jest.advanceTimersByTime(5_000);
    expect(idle).toEqual([]);
  });

  it('costs no timer where it doesn’t count', () => {
    watch(Infinity).begin('one');
    expect(jest.getTimerCount()).toBe(0);
  });
});
