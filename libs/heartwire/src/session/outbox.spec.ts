import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Link } from '../link/link.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { Delivery } from './delivery.js';
import { Outbox } from './outbox.js';

const MAX_BYTES = 1_000;

/** Notes what it is handed, and has room as a test says. */
class FakeLink implements Pick<Link, 'send' | 'end' | 'bufferedBytes'> {
  readonly batches: (readonly Outgoing[])[] = [];
  hasRoom = true;
  bufferedBytes = 0;
  hasEnded = false;

  send(batch: readonly Outgoing[]): boolean {
    this.batches.push([...batch]);
    return this.hasRoom;
  }

  end(): void {
    this.hasEnded = true;
  }
}

describe('Outbox', () => {
  let deferred: (() => void)[];
  let calls: string[];
  let overflows: number[];
  let delivery: Delivery;
  let outbox: Outbox;
  let link: FakeLink;

  beforeEach(() => {
    deferred = [];
    calls = [];
    overflows = [];
    link = new FakeLink();
    prepare();
  });

  function prepare(windowBytes = 10_000): void {
    delivery = new Delivery(windowBytes);
    delivery.begin(true);
    outbox = new Outbox(
      (task) => void deferred.push(task),
      { take: () => calls.shift() },
      delivery,
      MAX_BYTES,
      { overflowed: () => void overflows.push(outbox.queuedBytes) },
    );
  }

  function attach(to = link): void {
    outbox.attach(to as unknown as Link);
    outbox.open();
    endTick();
  }

  function endTick(): void {
    for (const task of deferred.splice(0)) task();
  }

  it('hands over what was said in one tick as one batch, the most urgent first', () => {
    attach();
    calls.push('call 1', 'call 2');
    outbox.pushAnswer('answer 1');
    outbox.pushControl('ping');
    outbox.pushAnswer('answer 2');
    expect(link.batches).toEqual([]);
    expect(deferred).toHaveLength(1);
    endTick();
    expect(link.batches).toEqual([['ping', 'answer 1', 'answer 2', 'call 1', 'call 2']]);
  });

  it('begins to send before a busy tick is over, and writes few times however much it says', () => {
    attach();
    const answers = Array.from({ length: 120 }, (_, index) => `answer ${String(index)}`);
    for (const answer of answers) outbox.pushAnswer(answer);
    expect(link.batches.map((batch) => batch.length)).toEqual([12, 24, 72]);
    endTick();
    expect(link.batches.map((batch) => batch.length)).toEqual([12, 24, 72, 12]);
    expect(link.batches.flat()).toEqual(answers);
    for (const answer of answers.slice(0, 11)) outbox.pushAnswer(answer);
    expect(link.batches).toHaveLength(4);
  });

  it('does not begin early without room', () => {
    attach();
    link.hasRoom = false;
    outbox.pushAnswer('large');
    endTick();
    for (let count = 0; count < 60; count += 1) outbox.pushAnswer('more');
    endTick();
    expect(link.batches).toEqual([['large']]);
  });

  it('waits for room, and lets what is urgent overtake what has waited', () => {
    attach();
    link.hasRoom = false;
    outbox.pushAnswer('answer 1');
    endTick();
    outbox.pushAnswer('answer 2');
    outbox.pushControl('pong');
    endTick();
    expect(link.batches).toEqual([['answer 1']]);
    link.hasRoom = true;
    outbox.writable();
    expect(link.batches).toEqual([['answer 1'], ['pong', 'answer 2']]);
  });

  it('takes no call before there is room for it', () => {
    attach();
    link.hasRoom = false;
    outbox.pushAnswer('answer');
    endTick();
    calls.push('call');
    outbox.wake();
    endTick();
    expect(calls).toEqual(['call']);
    outbox.writable();
    expect(calls).toEqual([]);
  });

  it('hands over large amounts in several batches, so that control messages come between them', () => {
    prepare(1e9);
    attach();
    const long = 'x'.repeat(100_000);
    calls.push(long, long, long, long);
    outbox.wake();
    endTick();
    expect(link.batches.map((batch) => batch.length)).toEqual([3, 1]);
  });

  it('keeps answers while no link is there, and drops control messages, which were meant for the old one', () => {
    attach();
    outbox.detach();
    outbox.pushControl('ping');
    outbox.pushAnswer('answer');
    endTick();
    const next = new FakeLink();
    attach(next);
    expect(next.batches).toEqual([['answer']]);
  });

  it('sends nothing but control messages before the session stands on its link', () => {
    outbox.attach(link as unknown as Link);
    outbox.pushAnswer('answer');
    outbox.pushControl('hello');
    calls.push('call');
    endTick();
    outbox.writable();
    expect(link.batches).toEqual([['hello']]);
    outbox.open();
    endTick();
    expect(link.batches).toEqual([['hello'], ['answer', 'call']]);
  });

  it('sends again what the other end has not received, before anything new', () => {
    attach();
    calls.push('call 1', 'call 2', 'call 3');
    outbox.wake();
    endTick();
    outbox.detach();
    outbox.pushAnswer('answer');
    delivery.acknowledge(1);
    const next = new FakeLink();
    outbox.attach(next as unknown as Link);
    outbox.pushControl('ready');
    outbox.open();
    outbox.replay();
    endTick();
    expect(next.batches.flat()).toEqual(['ready', 'call 2', 'call 3', 'answer']);
    expect(delivery.unacknowledged()).toEqual(['call 2', 'call 3', 'answer']);
  });

  it('begins anew when the link breaks while it sends again', () => {
    const long = 'x'.repeat(200_000);
    prepare(1e9);
    attach();
    for (const n of [1, 2, 3]) calls.push(`${long} ${String(n)}`);
    outbox.wake();
    endTick();
    outbox.detach();
    const narrow = new FakeLink();
    narrow.hasRoom = false;
    outbox.attach(narrow as unknown as Link);
    outbox.open();
    outbox.replay();
    endTick();
    expect(narrow.batches.flat()).toHaveLength(2);
    outbox.detach();
    delivery.acknowledge(1);
    const next = new FakeLink();
    outbox.attach(next as unknown as Link);
    outbox.open();
    outbox.replay();
    endTick();
    expect(next.batches.flat().map((message) => String(message).slice(-1))).toEqual(['2', '3']);
  });

  it('holds back what is counted while the window is full, and no control message', () => {
    prepare(10);
    attach();
    calls.push('a call of more bytes than the window', 'call 2');
    outbox.wake();
    endTick();
    outbox.pushAnswer('answer');
    outbox.pushControl('ping');
    endTick();
    expect(link.batches.slice(1)).toEqual([['ping']]);
    delivery.acknowledge(1);
    outbox.wake();
    endTick();
    expect(link.batches.slice(2)).toEqual([['answer', 'call 2']]);
  });

  it('keeps streams to the window, too, so that they hold up nothing that is more urgent', () => {
    prepare(1_000);
    attach();
    const items = ['1', '2', '3', '4'].map((item) => item.repeat(600));
    for (const item of items) outbox.pushBulk(item);
    endTick();
    outbox.pushAnswer('answer');
    endTick();
    expect(link.batches).toEqual([items.slice(0, 2)]);
    delivery.acknowledge(1);
    outbox.wake();
    endTick();
    expect(link.batches.slice(1)).toEqual([['answer', items[2]]]);
  });

  it('overflows once more answers wait than it may hold, with what the link has not sent', () => {
    attach();
    link.hasRoom = false;
    outbox.pushAnswer('first');
    endTick();
    link.bufferedBytes = 500;
    outbox.pushAnswer('x'.repeat(500));
    expect(overflows).toEqual([]);
    outbox.pushAnswer('x');
    expect(overflows).toEqual([1_001]);
  });

  it('holds one answer of any size as long as it may, also without a link', () => {
    outbox.pushAnswer('x'.repeat(MAX_BYTES));
    expect(overflows).toEqual([]);
    outbox.pushAnswer('x');
    expect(overflows).toHaveLength(1);
    outbox.clear();
    expect(outbox.queuedBytes).toBe(0);
  });

  it('ends the link behind all that is queued', () => {
    attach();
    link.hasRoom = false;
    outbox.pushAnswer('answer');
    endTick();
    outbox.pushControl('error');
    outbox.end();
    expect(link.hasEnded).toBe(false);
    link.hasRoom = true;
    outbox.writable();
    expect(link.batches.at(-1)).toEqual(['error']);
    expect(link.hasEnded).toBe(true);
  });

  it('does nothing more for a link that is gone when its tick ends', () => {
    attach();
    outbox.pushAnswer('answer');
    outbox.detach();
    endTick();
    expect(link.batches).toEqual([]);
  });
});
