import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { PendingConnections } from './pending-connections.js';

const TIMEOUT_MS = 1_000;

describe('pending connections', () => {
  let pending: PendingConnections<string>;
  let told: string[];
  /** What is done once what has come is read. */
  let readUp: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    const deferred: (() => void)[] = [];
    readUp = () => {
      for (const task of deferred.splice(0)) task();
    };
    pending = new PendingConnections({ handshakes: 3, handshakeTimeoutMs: TIMEOUT_MS }, performance, {
      defer: (task) => deferred.push(task),
      ask: (name) => told.push(`${name} is asked`),
      late: (name) => told.push(`${name} is late`),
      crowdedOut: (name) => told.push(`${name} has to go`),
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const pass = (ms: number): void => {
    jest.advanceTimersByTime(ms);
    readUp();
  };

  it('are asked halfway, and late at the end', () => {
    pending.enter('a');
    pass(300);
    pending.enter('b');
    pass(150);
    expect(told).toEqual([]);
    pass(100);
    expect(told).toEqual(['a is asked']);
    pass(350);
    expect(told).toEqual(['a is asked', 'b is asked']);
    pass(200);
    expect(told).toEqual(['a is asked', 'b is asked', 'a is late']);
    pass(1_000);
    expect(told.slice(3)).toEqual(['b is late']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('that speak are pending no more', () => {
    for (const name of ['a', 'b', 'c']) pending.enter(name);
    pending.leave('b');
    pass(600);
    pending.leave('a');
    pending.leave('a');
    pass(1_000);
    expect(told).toEqual(['a is asked', 'c is asked', 'c is late']);
    pending.enter('d');
    pending.leave('d');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are not late when their word has come and only was not read yet', () => {
    pending.enter('a');
    jest.advanceTimersByTime(2 * TIMEOUT_MS);
    pending.leave('a');
    readUp();
    expect(told).toEqual(['a is asked']);
  });

  it('are asked, and given time to answer, by a process that was held up', () => {
    pending.enter('a');
    // The clock goes on, and timers come late.
    const { now } = performance;
    jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 10 * TIMEOUT_MS);
    pass(600);
    expect(told).toEqual(['a is asked']);
    pass(300);
    expect(told).toEqual(['a is asked']);
  });

  it('that are too many lose the one that has been silent longest', () => {
    for (const name of ['a', 'b', 'c', 'd']) pending.enter(name);
    expect(told).toEqual(['a has to go']);
    pending.leave('b');
    pending.enter('e');
    expect(told).toEqual(['a has to go']);
    pass(600);
    pending.enter('f');
    expect(told.slice(1)).toEqual(['c is asked', 'd is asked', 'e is asked', 'c has to go']);
    jest.advanceTimersByTime(TIMEOUT_MS);
    pending.enter('g');
    readUp();
    expect(told.slice(5)).toEqual(['f is asked', 'd has to go', 'e is late']);
    pending.leave('f');
    pending.leave('g');
  });
});
