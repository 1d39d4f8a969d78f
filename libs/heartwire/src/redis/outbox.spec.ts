import { beforeEach, describe, expect, it } from '@jest/globals';

import { type Deferred, deferred } from '../../../../test/support/deferred.js';
import { Outbox } from './outbox.js';
import type { RedisConnection } from './redis-connection.js';

/** As far as an outbox knows a connection. It confirms what it is told to. */
class Line {
  readonly appended: Deferred[] = [];

  append(): Promise<void> {
    const answer = deferred();
    this.appended.push(answer);
    return answer.promise;
  }

  get connection(): RedisConnection {
    return this as unknown as RedisConnection;
  }
}

describe('what an instance has to say', () => {
  let outbox: Outbox;
  let line: Line;
  let failed: RedisConnection[];

  beforeEach(() => {
    failed = [];
    line = new Line();
    outbox = new Outbox(
      'west',
      { maxLength: 1_000, maxQueueBytes: 65_536 },
      {
        confirmed: () => undefined,
        failed: (connection) => failed.push(connection),
        full: () => undefined,
      },
    );
    outbox.use(line.connection);
    outbox.put([], 10);
    outbox.put([], 10);
  });

  it('is settled once Redis has confirmed all of it', async () => {
    let isSettled = false;
    const settled = outbox.settled().then(() => (isSettled = true));
    line.appended[0]?.resolve();
    await line.appended[0]?.promise;
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
    line.appended[0]?.resolve();
    await line.appended[0]?.promise;
    outbox.release();
    outbox.put([], 10);
    const next = new Line();
    outbox.use(next.connection);
    expect(next.appended).toHaveLength(2);
  });
});
