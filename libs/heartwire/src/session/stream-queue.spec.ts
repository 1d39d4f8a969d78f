import { describe, expect, it } from '@jest/globals';

import { StreamQueue } from './stream-queue.js';

describe('StreamQueue', () => {
  it('gives its items back in order, and knows how many bytes they are', () => {
    const queue = new StreamQueue({ aheadBytes: 0 });
    queue.push(['ab', 'c'], true);
    queue.push(['d'], true);
    expect([queue.length, queue.bytes]).toEqual([2, 4]);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([['ab', 'c'], ['d'], []]);
    expect([queue.length, queue.bytes]).toEqual([0, 0]);
  });

  it('tells the room of its connection what came without being asked for, until it is taken or dropped', () => {
    const room = { aheadBytes: 0 };
    const [one, other] = [new StreamQueue(room), new StreamQueue(room)];
    one.push(['abc'], false);
    other.push(['de'], false);
    other.push(['f'], false);
    expect(room.aheadBytes).toBe(6);
    one.shift();
    expect(room.aheadBytes).toBe(3);
    other.clear();
    expect([room.aheadBytes, other.length, other.bytes]).toEqual([0, 0, 0]);
  });

  it('never tells it of less than nothing when its source has become one that is asked', () => {
    const room = { aheadBytes: 0 };
    const queue = new StreamQueue(room);
    queue.push(['ab'], false);
    queue.push(['cdef'], true);
    expect(room.aheadBytes).toBe(2);
    queue.shift();
    queue.shift();
    expect(room.aheadBytes).toBe(0);
  });
});
