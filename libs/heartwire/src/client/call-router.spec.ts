import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { RecordedCall } from '../../../../test/support/recorded-call.js';
import type { Balance } from '../options/balance.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import type { OutgoingCalls } from '../session/outgoing-calls.js';
import { balancer } from './balancer.js';
import { CallRouter, type Destination } from './call-router.js';

class FakeConnection implements Destination {
  readonly priority = 0;
  readonly load = 0;
  isSuspect = false;
  opened = 0;
  readonly taken: OutgoingCall[] = [];
  readonly calls = { add: (call: OutgoingCall) => this.taken.push(call) } as unknown as OutgoingCalls;

  constructor(
    readonly key: string,
    readonly rank: number,
  ) {}

  open(): void {
    this.opened += 1;
  }
}

const LIMITS = {
  waitingCalls: 100,
  waitingBytes: 100_000,
  maxFrameBytes: 1_000,
  streamBufferItems: 10,
  streamBufferBytes: 10_000,
  outgoingStreamBytes: 1_000,
};

describe('the way of a call', () => {
  let router: CallRouter<FakeConnection>;
  let one: FakeConnection;
  let other: FakeConnection;

  beforeEach(() => {
    jest.useFakeTimers();
    one = new FakeConnection('one', 1);
    other = new FakeConnection('other', 2);
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  function enter(balance: Balance = 'round-robin', ...connections: FakeConnection[]): void {
    const avoidsSuspects = typeof balance !== 'object';
    const pick = balancer(balance, () => 0.5);
    router = new CallRouter<FakeConnection>(performance, LIMITS, pick, avoidsSuspects);
    router.open();
    for (const connection of connections) router.use(connection);
  }

  /** As the pool does. */
  function place(times: number, key?: string): void {
    for (let n = 0; n < times; n++) {
      const call = new RecordedCall('work', n).outgoing;
      Object.assign(call, { traits: { key } });
      if (router.direct === undefined) router.place(call);
      else router.direct.add(call);
    }
  }

  const taken = (): readonly number[] => [one, other].map((connection) => connection.taken.length);

  it('keeps away from a suspect connection while there is another', () => {
    enter('round-robin', one, other);
    place(4);
    expect(taken()).toEqual([2, 2]);
    one.isSuspect = true;
    router.review();
    place(4);
    expect(taken()).toEqual([2, 6]);
    one.isSuspect = false;
    router.review();
    place(4);
    expect(taken()).toEqual([4, 8]);
  });

  it('needs no thought when only one is above suspicion', () => {
    enter('round-robin', one, other);
    one.isSuspect = true;
    router.review();
    expect(router.direct).toBe(other.calls);
  });

  it('goes to a suspect connection when there is no other', () => {
    enter('round-robin', one, other);
    one.isSuspect = true;
    other.isSuspect = true;
    router.review();
    place(4);
    expect(taken()).toEqual([2, 2]);
    router.leave(other, []);
    place(1);
    expect(taken()).toEqual([3, 2]);
  });

  it('stays with its key though that connection is suspect', () => {
    enter({ key: () => 'k' }, one, other);
    place(1, 'k');
    const first = one.taken.length > 0 ? one : other;
    first.isSuspect = true;
    router.review();
    place(1, 'k');
    expect(first.taken).toHaveLength(2);
  });

  it('wakes a connection that rests, and waits for it where there is no other', () => {
    enter('round-robin', one);
    router.rest(one);
    expect(router.hasConnection).toBe(false);
    expect(one.opened).toBe(0);
    place(2);
    expect(one.opened).toBe(1);
    expect(taken()).toEqual([0, 0]);
    router.use(one);
    expect(taken()).toEqual([2, 0]);
  });

  it('wakes one that rests also when another takes the call', () => {
    enter('round-robin', one, other);
    router.rest(one);
    place(3);
    expect(one.opened).toBe(1);
    expect(taken()).toEqual([0, 3]);
  });

  it('wakes nobody who has left meanwhile', () => {
    enter('round-robin', one, other);
    router.rest(one);
    router.leave(one, []);
    place(1);
    expect(one.opened).toBe(0);
  });
});
