import { beforeEach, describe, expect, it } from '@jest/globals';

import { ItemStream } from './incoming-stream.js';
import type { ReplyObserver } from './reply-observer.js';

const DONE = { done: true, value: undefined };

describe('ItemStream', () => {
  let opened: { observer: ReplyObserver; pulls: boolean }[];
  let taken: number;
  let left: number;
  let stream: ItemStream<number>;

  beforeEach(() => {
    opened = [];
    taken = 0;
    left = 0;
    const handle = { taken: () => (taken += 1), unsubscribe: () => (left += 1) };
    stream = new ItemStream((observer, pulls) => {
      opened.push({ observer, pulls });
      return handle;
    });
  });

  function source(): ReplyObserver {
    const last = opened.at(-1);
    if (last === undefined) throw new Error('not opened');
    return last.observer;
  }

  it('is opened by each subscription and each iteration, not before', () => {
    const iterator = stream[Symbol.asyncIterator]();
    expect(opened).toEqual([]);
    void iterator.next();
    void iterator.next();
    stream.subscribe();
    expect(opened.map(({ pulls }) => pulls)).toEqual([true, false]);
  });

  it('says of each item that it was taken once it was asked for', async () => {
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    source().next(1);
    expect(taken).toBe(1);
    source().next(2);
    source().next(3);
    expect(taken).toBe(1);
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await iterator.next()).toEqual({ done: false, value: 2 });
    expect(taken).toBe(2);
  });

  it('gives what it has before its end, and its failure once', async () => {
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    source().next(1);
    source().next(2);
    source().error('torn');
    source().complete();
    source().next(3);
    await first;
    expect(await iterator.next()).toEqual({ done: false, value: 2 });
    await expect(iterator.next()).rejects.toBe('torn');
    expect(await iterator.next()).toEqual(DONE);
  });

  it('fails the first of those that wait, and ends the others', async () => {
    const iterator = stream[Symbol.asyncIterator]();
    const waiting = [iterator.next(), iterator.next()];
    const settled = Promise.allSettled(waiting);
    source().error('torn');
    expect(await settled).toEqual([
      { status: 'rejected', reason: 'torn' },
      { status: 'fulfilled', value: DONE },
    ]);
    expect(await iterator.next()).toEqual(DONE);
  });

  it('is left by whoever breaks out of the loop', async () => {
    const reading = (async () => {
      for await (const item of stream) if (item === 2) break;
    })();
    await Promise.resolve();
    source().next(1);
    source().next(2);
    source().next(3);
    await reading;
    expect(left).toBe(1);
  });

  it('ends who waits when it is left', async () => {
    const iterator = stream[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual(DONE);
    source().next(1);
    source().error('late');
    expect(await iterator.next()).toEqual(DONE);
  });

  it('tells nobody of a failure that came before it was left', async () => {
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    source().next(1);
    source().error('torn');
    await first;
    await iterator.return?.();
    expect(await iterator.next()).toEqual(DONE);
  });

  it('is not opened any more once it was left', async () => {
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.return?.();
    expect(await iterator.next()).toEqual(DONE);
    expect(opened).toEqual([]);
  });
});
