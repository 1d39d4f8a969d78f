import { describe, expect, it } from '@jest/globals';

import type { EventMessage } from '../protocol/messages.js';
import { EventBacklog } from './event-backlog.js';

const event = (data: unknown): EventMessage => ({ kind: 'event', pattern: 'told', data });

describe('EventBacklog', () => {
  it('gives events back in the order in which they came', () => {
    const backlog = new EventBacklog(10, 1_000);
    for (const data of [1, 2]) backlog.push(event(data), 10);
    expect(backlog.shift()?.data).toBe(1);
    backlog.push(event(3), 10);
    expect([backlog.shift()?.data, backlog.shift()?.data]).toEqual([2, 3]);
    expect(backlog.shift()).toBeUndefined();
    expect(backlog.isEmpty).toBe(true);
  });

  it('holds as many as it may, and has room again for each that was taken', () => {
    const backlog = new EventBacklog(2, 1_000);
    for (const data of [1, 2]) backlog.push(event(data), 10);
    expect(() => backlog.push(event(3), 10)).toThrow(
      expect.objectContaining({
        code: 'OVERLOADED',
        message: '2 events are waiting on this connection already',
      }),
    );
    backlog.shift();
    backlog.push(event(4), 10);
    expect([backlog.shift()?.data, backlog.shift()?.data]).toEqual([2, 4]);
  });

  it('holds little more of what was read than the bytes of an event', () => {
    const backlog = new EventBacklog(10, 1_000);
    const read = Buffer.allocUnsafeSlow(65_536).fill('x');
    backlog.push(event(read.subarray(7, 8)), 10);
    const { data } = backlog.shift() ?? {};
    expect(data).toEqual(Buffer.from('x'));
    expect((data as Buffer).buffer.byteLength).toBe(1);
  });

  it('holds as many bytes as it may', () => {
    const backlog = new EventBacklog(10, 100);
    backlog.push(event(1), 60);
    expect(() => backlog.push(event(2), 41)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    backlog.push(event(3), 40);
    backlog.shift();
    backlog.push(event(4), 60);
    expect([backlog.shift()?.data, backlog.shift()?.data]).toEqual([3, 4]);
  });

  it('has all its room again once it was cleared', () => {
    const backlog = new EventBacklog(2, 100);
    for (const data of [1, 2]) backlog.push(event(data), 50);
    backlog.clear();
    expect(backlog.isEmpty).toBe(true);
    for (const data of [3, 4]) backlog.push(event(data), 50);
    expect(backlog.shift()?.data).toBe(3);
  });
});
