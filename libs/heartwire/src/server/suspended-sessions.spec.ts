import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { SuspendedSessions } from './suspended-sessions.js';

describe('sessions that wait for a new link', () => {
  let bytes: Map<string, number>;
  let ended: string[];
  let sessions: SuspendedSessions<string>;

  beforeEach(() => {
    jest.useFakeTimers();
    bytes = new Map();
    ended = [];
    sessions = new SuspendedSessions(
      { suspendedSessions: 4, suspendedBytes: 100 },
      {
        bytesOf: (one) => bytes.get(one) ?? 0,
        giveUp: (one) => {
          ended.push(one);
          sessions.leave(one);
        },
      },
    );
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const enter = (name: string, keeps: number): void => {
    bytes.set(name, keeps);
    sessions.enter(name);
  };

  it('wait as long as they are few, and keep little', () => {
    for (const name of ['a', 'b', 'c', 'd']) enter(name, 25);
    jest.advanceTimersByTime(10_000);
    expect(ended).toEqual([]);
  });

  it('end by their age when they are too many', () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) enter(name, 1);
    expect(ended).toEqual(['a', 'b']);
  });

  it('end by what they keep when that is too much together', () => {
    enter('modest', 10);
    enter('greedy', 60);
    enter('another', 60);
    expect(ended).toEqual(['greedy']);
    enter('greediest', 101);
    expect(ended).toEqual(['greedy', 'greediest']);
  });

  it('end also when they come to keep too much while they wait', () => {
    enter('a', 10);
    enter('b', 10);
    bytes.set('b', 95);
    expect(ended).toEqual([]);
    jest.advanceTimersByTime(1_000);
    expect(ended).toEqual(['b']);
  });

  it('are not too many for those that nobody comes back to, which count with what they keep', () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      bytes.set(name, 15);
      sessions.enterLeft(name);
    }
    for (const name of ['f', 'g', 'h', 'i']) enter(name, 1);
    expect(ended).toEqual([]);
    bytes.set('e', 50);
    jest.advanceTimersByTime(1_000);
    expect(ended).toEqual(['e']);
    for (const name of ['a', 'b', 'c', 'd', 'f', 'g', 'h', 'i']) sessions.leave(name);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leave their room to others once they have a link again, and no timer behind', () => {
    enter('a', 90);
    sessions.leave('a');
    expect(jest.getTimerCount()).toBe(0);
    enter('b', 90);
    expect(ended).toEqual([]);
    bytes.set('b', 5);
    enter('c', 90);
    expect(ended).toEqual([]);
  });
});
