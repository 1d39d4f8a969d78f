import { describe, expect, it } from '@jest/globals';
import { TestScheduler } from 'rxjs/testing';

import { lineState$ } from './line-state.js';

const statuses = { c: 'connecting', o: 'connected', r: 'reconnecting', x: 'closed' };
const livenesses = { a: { state: 'alive' }, s: { state: 'suspect' }, d: { state: 'dead' } };
const states = { a: 'alive', s: 'suspect', r: 'reconnecting', o: 'offline' };

function shows(status: string, liveness: string, expected: string): void {
  new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted)).run(({ hot, expectObservable }) => {
    expectObservable(lineState$(hot(status, statuses), hot(liveness, livenesses))).toBe(expected, states);
  });
}

describe('the state of the line', () => {
  it('is offline until it was alive', () => {
    shows('c-c-o', '-', 'o---a');
  });

  it('is suspect while pings go unanswered', () => {
    shows('o', '-a-s-s-a', 'a--s---a');
  });

  it('is not alive again for a moment when it is found dead', () => {
    shows('o--r', '-sd', 'as-r 9999ms o');
  });

  it('is reconnecting when it breaks, and offline when that lasts', () => {
    shows('o-r', '-', 'a-r 9999ms o');
    shows('o-r 5s o', '-', 'a-r 5s a');
  });

  it('is offline once it is closed', () => {
    shows('o-x', '-', 'a-o');
  });
});
