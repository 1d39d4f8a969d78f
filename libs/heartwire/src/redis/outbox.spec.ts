import { beforeEach, describe, expect, it } from '@jest/globals';

import { type Deferred, deferred } from '../../../../test/support/deferred.js';
import { until } from '../../../../test/support/until.js';
import { Outbox } from './outbox.js';
import type { RedisConnection } from './redis-connection.js';

/** As far as an outbox knows a connection. It confirms what it is told to, or refuses it. */
class Line {
  readonly appended: Deferred[] = [];
  readonly sequences: number[] = [];
  isRefusing = false;

  append(fields: readonly (string | Buffer)[]): Promise<void> {
    const answer = deferred();
    this.appended.push(answer);
    this.sequences.push(Number(fields[fields.indexOf('seq') + 1]));
    return answer.promise.then(() => {
      if (this.isRefusing) throw new Error('READONLY');
    });
  }

  /** Until the outbox knows. */
  async confirm(index: number): Promise<void> {
    this.appended[index]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get connection(): RedisConnection {
    return this as unknown as RedisConnection;
  }
}

describe('what an instance has to say', () => {
  let outbox: Outbox;
  let line: Line;
  let failed: RedisConnection[];
  let leftOut: number;

  beforeEach(() => {
    failed = [];
    leftOut = 0;
    line = new Line();
    outbox = new Outbox(
      'west',
      { maxLength: 1_000, maxQueueBytes: 65_536 },
      {
        confirmed: () => undefined,
        failed: (connection) => failed.push(connection),
        full: () => (leftOut += 1),
      },
    );
    outbox.use(line.connection);
    outbox.put([], 10);
    outbox.put([], 10);
  });

  it('is settled once Redis has confirmed all of it', async () => {
    let isSettled = false;
    const settled = outbox.settled().then(() => (isSettled = true));
    await line.confirm(0);
    expect(outbox.size).toBe(1);
    expect(isSettled).toBe(false);
    line.appended[1]?.resolve();
    await settled;
    expect(outbox.size).toBe(0);
  });

  it('is as settled as it can be once the connection is gone, which then gets nothing more', async () => {
    const settled = outbox.settled();
    outbox.release();
    await settled;
    await outbox.settled();
    outbox.put([], 10);
    outbox.fail(new Error('it does not answer'));
    expect(line.appended).toHaveLength(2);
    expect(failed).toEqual([]);
  });

  it('is sent again over the next connection where it was not confirmed', async () => {
    await line.confirm(0);
    outbox.release();
    outbox.put([], 10);
    const next = new Line();
    outbox.use(next.connection);
    expect(next.appended).toHaveLength(2);
  });

  const put = (count: number): void => {
    for (let n = 0; n < count; n += 1) outbox.put([], 10);
  };
  const countFrom = (first: number, count: number): readonly number[] =>
    Array.from({ length: count }, (_, n) => first + n);

  it('goes an eighth of the stream ahead of what was read of it, no more', () => {
    put(200);
    expect(line.sequences).toEqual(countFrom(1, 125));
    outbox.heard(1);
    expect(line.sequences).toEqual(countFrom(1, 126));
    outbox.heard(11);
    expect(line.sequences).toEqual(countFrom(1, 136));
    outbox.caughtUp();
    expect(line.sequences).toEqual(countFrom(1, 202));
  });

  it('goes as far ahead over the next connection, whatever was read over the one before', () => {
    put(200);
    outbox.release();
    const next = new Line();
    outbox.use(next.connection);
    expect(next.sequences).toEqual(countFrom(1, 125));
  });

  it('is left out where too much waits, which the sequence shows, and has room again once Redis has it', async () => {
    outbox.release();
    put(1_000);
    // 10 bytes, and about 200 more that an entry takes.
    expect(outbox.size).toBe(312);
    expect(leftOut).toBe(1_002 - 312);
    const next = new Line();
    outbox.use(next.connection);
    for (let n = 0; n < 312; n += 1) {
      outbox.caughtUp();
      await next.confirm(n);
    }
    expect(outbox.size).toBe(0);
    outbox.caughtUp();
    expect(outbox.put([], 10)).toBe(true);
    put(10);
    expect(leftOut).toBe(1_002 - 312);
    expect(next.sequences).toEqual([...countFrom(1, 312), ...countFrom(1_003, 11)]);
  });

  it('may be longer than all that may wait, where nothing else does', async () => {
    await line.confirm(0);
    await line.confirm(1);
    expect(outbox.put([], 100_000)).toBe(true);
    expect(outbox.put([], 10)).toBe(false);
    expect(line.sequences).toEqual([1, 2, 3]);
  });

  it('gives up the connection that did not take it, and none that came after it', async () => {
    line.isRefusing = true;
    line.appended[0]?.resolve();
    await until('it has failed', () => failed.length > 0);
    outbox.use(new Line().connection);
    line.appended[1]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(failed).toEqual([line.connection]);
  });
});
