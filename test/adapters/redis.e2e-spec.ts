import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HeartwireError, HeartwireHealthIndicator } from 'heartwire';
import { redisAdapter, type RedisAdapterOptions } from 'heartwire/redis';
import { FaultProxy } from 'heartwire/testing';
import { Redis } from 'ioredis';
import { Observable, tap } from 'rxjs';

import { describeUnless } from '../support/describe-unless.js';
import { allSee, allSeeIn, type Guest, type Instance, settled, startInstance } from '../support/instances.js';
import { errorOf } from '../support/outcome.js';
import { RedisServer, whyNoRedis } from '../support/redis-server.js';
import { Stage } from '../support/stage.js';
import { thrownBy } from '../support/thrown.js';
import { until } from '../support/until.js';

describeUnless(whyNoRedis(), 'instances that are joined over Redis', () => {
  const stage = new Stage();
  let redis: RedisServer;
  let prefix: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(() => {
    prefix = randomUUID();
  });
  afterEach(() => stage.clear());
  afterAll(() => redis.stop());

  type Rest = Partial<Omit<RedisAdapterOptions, 'url' | 'redis'>>;

  const start = (options: Rest = {}, url = redis.url): Promise<Instance> => {
    // A Redis on a busy disk may let some tenths of a second pass before it confirms anything.
    const beats = { heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 10_000 };
    return startInstance(stage, redisAdapter({ url, prefix, ...beats, ...options }));
  };

  /** Calls of `ticks` to these never end by themselves. Returns whether any runs. */
  const tickAt = (...guests: readonly Guest[]): (() => boolean) => {
    let running = 0;
    const ticks = (): Observable<number> =>
      new Observable((observer) => {
        running += 1;
        observer.next(running);
        return () => (running -= 1);
      });
    for (const { client } of guests) client.handle('ticks', ticks);
    return () => running > 0;
  };

  /** One of which a proxy stands before Redis. */
  const startApart = async (options: Rest = {}): Promise<{ instance: Instance; proxy: FaultProxy }> => {
    const proxy = stage.track(await FaultProxy.to(redis.url.replace('redis:', 'tcp:')));
    const instance = await start(options, proxy.url.replace('tcp:', 'redis:'));
    return { instance, proxy };
  };

  const isUp = (...instances: readonly Instance[]): Promise<void> =>
    until('all are up', () => instances.every(({ server }) => server.hub.adapterStatus === 'up'));
  const isDegraded = (...instances: readonly Instance[]): Promise<void> =>
    until('all are degraded', () => instances.every(({ server }) => server.hub.adapterStatus === 'degraded'));

  const emit = ({ server }: Instance, from: number, to: number): void => {
    for (let n = from; n < to; n += 1) server.hub.broadcast.emit('news', n);
  };
  const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
  const warnings = (about: string): readonly string[] =>
    stage.logger.texts('warn').filter((text) => text.includes(about));

  /** Until what was pushed as this number is in the stream. */
  const isKept = (n: number): Promise<void> =>
    until('Redis has all', async () => {
      const entries = await redis.ask('xrevrange', `${prefix}:hub`, '+', '-', 'COUNT', 100);
      const notices = (entries as [string, string[]][]).map(
        ([, fields]) => fields[fields.indexOf('notice') + 1],
      );
      return notices.some((notice) => (JSON.parse(notice ?? '{}') as { data?: unknown }).data === n);
    });

  const two = async (
    first: Promise<Instance>,
    second: Promise<Instance>,
  ): Promise<[Instance, Guest, Instance, Guest]> => {
    const [one, other] = [await first, await second];
    const [ann, bob] = [await one.guest('ann'), await other.guest('bob')];
    await allSee([one, other], ann, bob);
    return [one, ann, other, bob];
  };

  it('serve their own clients while Redis is away, and the others once it is back: in order, once', async () => {
    const [one, ann, other, bob] = await two(start(), start());
    await isUp(one, other);
    const health = new HeartwireHealthIndicator();
    expect(health.checkHub('hub', one.server.hub)).toEqual({ hub: { status: 'up' } });
    emit(one, 0, 50);
    await redis.kill();
    emit(one, 50, 100);
    await isDegraded(one, other);
    expect(health.checkHub('hub', one.server.hub)).toEqual({ hub: { status: 'degraded' } });
    emit(one, 100, 150);
    const cid = await one.guest('cid');
    one.server.hub.join(cid.id, 'lobby');
    await until('ann has all', () => ann.news.length === 150);
    expect(bob.news.length).toBeLessThan(150);
    await redis.restart();
    await isUp(one, other);
    await allSee([one, other], ann, bob, cid);
    await allSeeIn('lobby', [one, other], cid);
    await settled([one, other], ann, bob);
    expect(ann.news).toEqual(numbers(150));
    expect(bob.news).toEqual(numbers(150));
    expect(warnings("Redis can't be reached")).toHaveLength(2);
    expect(stage.logger.texts('log').filter((text) => text.includes('Redis is back'))).toHaveLength(2);
  });

  it('lose and double nothing when their connections are cut, wherever', async () => {
    const { instance: apart, proxy } = await startApart();
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start());
    for (let turn = 0; turn < 10; turn += 1) {
      proxy.cutAfter(1 + turn * 733, { direction: turn % 2 === 0 ? 'upstream' : 'downstream' });
      for (let part = 0; part < 4; part += 1) {
        const begin = turn * 40 + part * 10;
        emit(one, begin, begin + 10);
        emit(other, 1_000 + begin, 1_000 + begin + 10);
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (turn % 3 === 0) proxy.reset();
      await isUp(one);
    }
    proxy.heal();
    await isUp(one);
    await settled([one, other], ann, bob);
    const ofOther = numbers(400).map((n) => n + 1_000);
    for (const { news } of [ann, bob]) {
      expect(news.filter((n) => Number(n) < 1_000)).toEqual(numbers(400));
      expect(news.filter((n) => Number(n) >= 1_000)).toEqual(ofOther);
    }
    expect(warnings('entries of the Redis stream were gone')).toEqual([]);
  });

  it('read on where they were after a break', async () => {
    const { instance: apart, proxy } = await startApart();
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start());
    await isUp(one);
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(one);
    emit(other, 0, 100);
    const cid = await other.guest('cid');
    await bob.client.close();
    await until('bob is gone', () => !other.server.hub.clients.includes(bob.id));
    expect(one.server.hub.clients).toContain(bob.id);
    expect(ann.news).toEqual([]);
    proxy.target = redis.url.replace('redis:', 'tcp:');
    await allSee([one, other], ann, cid);
    await settled([one, other], ann, cid);
    expect(ann.news).toEqual(numbers(100));
  });

  it('wait for what comes slowly, as long as anything comes', async () => {
    const options = { heartbeatIntervalMs: 500 };
    const { instance: apart, proxy } = await startApart(options);
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start());
    await isUp(one);
    const { accepted } = proxy;
    proxy.slow({ bytesPerSecond: 100_000 });
    const pushes = numbers(12).map((n) => String(n).padEnd(30_000, '.'));
    for (const push of pushes) other.server.hub.broadcast.emit('news', push);
    await settled([one, other], ann, bob);
    expect(ann.news).toEqual(pushes);
    expect(proxy.accepted).toBe(accepted);
  });

  it('forget the clients of one that is silent for too long, until it is heard again', async () => {
    const options = { heartbeatIntervalMs: 500, heartbeatTimeoutMs: 2_500 };
    const { instance: apart, proxy } = await startApart(options);
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start(options));
    one.server.hub.join(ann.id, 'lobby');
    await allSeeIn('lobby', [other], ann);
    other.presence.length = 0;
    proxy.swallow();
    await allSee([other], bob);
    expect(other.server.hub.rooms).toEqual([]);
    expect(other.presence).toEqual([
      { type: 'disconnected', clientId: ann.id, identity: { id: 'ann' }, rooms: ['lobby'] },
    ]);
    await isDegraded(one);
    expect(one.server.hub.clients).toContain(bob.id);
    emit(one, 0, 10);
    emit(other, 10, 20);
    proxy.heal();
    proxy.reset();
    await allSee([one, other], ann, bob);
    await allSeeIn('lobby', [one, other], ann);
    await settled([one, other], ann, bob);
    expect(bob.news.filter((n) => Number(n) < 10)).toEqual(numbers(10));
    expect(ann.news).toEqual(numbers(20));
  });

  it('lose nothing of a burst of more than the stream keeps', async () => {
    const [one, ann, other, bob] = await two(start({ maxLength: 1_000 }), start({ maxLength: 1_000 }));
    emit(one, 0, 5_000);
    await settled([one, other], ann, bob);
    expect(bob.news).toEqual(numbers(5_000));
    expect(warnings('entries of the Redis stream were gone')).toEqual([]);
  });

  it('lose nothing of more than the stream keeps that waited while Redis was away', async () => {
    const { instance: apart, proxy } = await startApart({ maxLength: 1_000 });
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start({ maxLength: 1_000 }));
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(one);
    emit(one, 0, 5_000);
    proxy.target = redis.url.replace('redis:', 'tcp:');
    await settled([one, other], ann, bob);
    expect(bob.news).toEqual(numbers(5_000));
    expect(warnings('entries of the Redis stream were gone')).toEqual([]);
  });

  it('say once what they missed of a stream that was too short, and know who is there all the same', async () => {
    const { instance: apart, proxy } = await startApart({ maxLength: 100 });
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start({ maxLength: 100 }));
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(one);
    const cid = await other.guest('cid');
    other.server.hub.join(cid.id, 'lobby');
    await bob.client.close();
    emit(other, 0, 1_000);
    await until('cid has all', () => cid.news.length === 1_000);
    await isKept(999);
    proxy.target = redis.url.replace('redis:', 'tcp:');
    await allSee([one, other], ann, cid);
    await allSeeIn('lobby', [one], cid);
    await settled([one, other], ann, cid);
    expect(ann.news.length).toBeGreaterThan(0);
    expect(ann.news).toEqual(numbers(1_000).slice(-ann.news.length));
    expect(warnings('entries of the Redis stream were gone')).toHaveLength(1);
  });

  it('end the calls between them where one has missed something of the other, at both ends', async () => {
    const { instance: apart, proxy } = await startApart({ maxLength: 100 });
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start({ maxLength: 100 }));
    const isRunning = tickAt(ann, bob);
    const seen: unknown[] = [];
    const lost = errorOf(
      one.server.hub
        .client(bob.id)
        .send('ticks', {})
        .pipe(tap((n) => seen.push(n))),
    );
    const left = other.server.hub
      .client(ann.id)
      .send('ticks', {})
      .subscribe((n) => seen.push(n));
    await until('both have begun', () => seen.length === 2);
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(one);
    left.unsubscribe();
    emit(other, 0, 1_000);
    await isKept(999);
    proxy.target = redis.url.replace('redis:', 'tcp:');
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    await until('nothing runs', () => !isRunning());
  });

  it('end a call that the other one will never hear of', async () => {
    const { instance: apart, proxy } = await startApart({ maxLength: 100 });
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start({ maxLength: 100 }));
    ann.client.handle('ask', () => 'answered');
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(one);
    const lost = errorOf(other.server.hub.client(ann.id).send('ask', {}, { timeoutMs: Infinity }));
    emit(other, 0, 1_000);
    await until('bob has all', () => bob.news.length === 1_000);
    await isKept(999);
    proxy.target = redis.url.replace('redis:', 'tcp:');
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
  });

  it('end the calls between them where one has forgotten the other, at both ends', async () => {
    const options = { heartbeatIntervalMs: 500, heartbeatTimeoutMs: 2_500 };
    const { instance: apart, proxy } = await startApart(options);
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start(options));
    const isRunning = tickAt(ann, bob);
    const seen: unknown[] = [];
    const [ofOne, ofOther] = [one.server.hub.client(bob.id), other.server.hub.client(ann.id)].map((client) =>
      errorOf(client.send('ticks', {}, { timeoutMs: Infinity }).pipe(tap((n) => seen.push(n)))),
    );
    await until('both have begun', () => seen.length === 2);
    proxy.swallow();
    await allSee([other], bob);
    expect(await ofOther).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    proxy.heal();
    proxy.reset();
    expect(await ofOne).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    await until('nothing runs', () => !isRunning());
  });

  it('keep no more than they may while Redis is away, say so once, and agree on presence afterwards', async () => {
    const { instance: apart, proxy } = await startApart({ maxQueueBytes: 10_000 });
    const [one, ann, other, bob] = await two(Promise.resolve(apart), start());
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(one);
    emit(one, 0, 1_000);
    const cid = await one.guest('cid');
    one.server.hub.join(ann.id, 'lobby');
    proxy.target = redis.url.replace('redis:', 'tcp:');
    await isUp(one);
    await allSee([one, other], ann, bob, cid);
    await allSeeIn('lobby', [other], ann);
    await settled([one, other], ann, bob);
    expect(ann.news).toEqual(numbers(1_000));
    expect(bob.news.length).toBeGreaterThan(0);
    expect(bob.news).toEqual(numbers(bob.news.length));
    expect(bob.news.length).toBeLessThan(1_000);
    expect(warnings('maxQueueBytes')).toHaveLength(1);
  });

  it('refuse a call that they have no room for while Redis is away: it would never be heard of', async () => {
    const { instance: apart, proxy } = await startApart({ maxQueueBytes: 10_000 });
    const [one, , , bob] = await two(Promise.resolve(apart), start());
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(one);
    emit(one, 0, 1_000);
    const call = one.server.hub.client(bob.id).send('ask', {}, { timeoutMs: Infinity });
    expect(await errorOf(call)).toMatchObject({ code: 'QUEUE_FULL', sent: 'never', retryable: true });
  });

  it('learn who is there already, also where all of them together are longer than an entry may be', async () => {
    const one = await start({ maxEntryBytes: 1_024 });
    const names = numbers(10).map((n) => `${String(n)} ${'x'.repeat(100)}`);
    const guests = await Promise.all(names.map((name) => one.guest(name)));
    const huge = await one.guest('x'.repeat(2_000));
    const late = await start({ maxEntryBytes: 1_024 });
    await allSee([late], ...guests);
    await allSee([one], ...guests, huge);
    expect(warnings(huge.id)).not.toEqual([]);
  });

  it('go on with a Redis that has lost all it had', async () => {
    // Nobody writes anything between what follows.
    const silent = { heartbeatIntervalMs: 60_000, heartbeatTimeoutMs: 120_000 };
    const [one, ann, other, bob] = await two(start(silent), start(silent));
    emit(one, 0, 10);
    await settled([one, other], ann, bob);
    await redis.ask('flushall');
    // As of a Redis whose clock is behind.
    await redis.ask('xadd', `${prefix}:hub`, '1-1', 'from', 'nobody', 'seq', '1', 'notice', '{"type":"bye"}');
    await redis.kill();
    await redis.restart();
    await isUp(one, other);
    emit(one, 10, 20);
    await settled([one, other], ann, bob);
    expect([ann.news, bob.news]).toEqual([numbers(20), numbers(20)]);
  });

  it('hear nothing of what was there before them, also from a Redis that has lost its last entries', async () => {
    const write = (from: string, data: string): Promise<unknown> => {
      const push = JSON.stringify({ type: 'push', exceptions: [], pattern: 'news', data });
      return redis.ask('xadd', `${prefix}:hub`, '*', 'from', from, 'seq', '1', 'notice', push);
    };
    const before = await write('gone', 'old');
    const { instance, proxy } = await startApart();
    const ann = await instance.guest('ann');
    await isUp(instance);
    await write('here', 'read');
    await until('ann has it', () => ann.news.includes('read'));
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(instance);
    const entries = (await redis.ask('xrange', `${prefix}:hub`, '-', '+')) as [string][];
    const after = entries.map(([id]) => id).filter((id) => id !== before);
    await redis.ask('xdel', `${prefix}:hub`, ...after);
    proxy.target = redis.url.replace('redis:', 'tcp:');
    await isUp(instance);
    await write('late', 'new');
    await until('ann has what is new', () => ann.news.includes('new'));
    expect(ann.news).toEqual(['read', 'new']);
  });

  it('ignore what is none of theirs in the stream, with one warning each', async () => {
    const [one, ann, other, bob] = await two(
      start({ maxEntryBytes: 2_000 }),
      start({ maxEntryBytes: 2_000 }),
    );
    const from = ['from', 'stranger'];
    const garbage: readonly (readonly (string | Buffer)[])[] = [
      ['anything', 'at all'],
      [...from, 'seq', 'many', 'notice', '{"type":"beat"}'],
      [...from, 'seq', '1'],
      [...from, 'seq', '2', 'notice', 'no json'],
      [...from, 'seq', '3', 'notice', 'null'],
      [...from, 'seq', '4', 'notice', '{"type":"push","targets":"all","exceptions":[]}'],
      [...from, 'seq', '5', 'notice', '{"type":"push","targets":[{}],"exceptions":[],"pattern":"news"}'],
      [...from, 'seq', '6', 'notice', '{"type":"presence","presence":{"type":"connected"}}'],
      [...from, 'seq', '7', 'notice', '{"type":"state","clients":[{"clientId":"x"}],"isFirst":true}'],
      [...from, 'seq', '8', 'notice', '{"type":"__proto__"}'],
      [...from, 'seq', '9', 'notice', Buffer.from([0xff, 0xfe, 0])],
      [...from, 'seq', '10', 'notice', JSON.stringify({ type: 'hello', more: 'x'.repeat(3_000) })],
      ['from', 'y'.repeat(100), 'seq', '1', 'notice', '{"type":"hello"}'],
    ];
    for (const fields of garbage) await redis.ask('xadd', `${prefix}:hub`, '*', ...fields);
    emit(one, 0, 10);
    await settled([one, other], ann, bob);
    expect(bob.news).toEqual(numbers(10));
    await allSee([one, other], ann, bob);
    expect(warnings('is ignored')).toHaveLength(2);
    await isUp(one, other);
  });

  it('with another prefix see nothing of each other', async () => {
    const one = await start();
    const stranger = await start({ prefix: randomUUID() });
    const [ann, eve] = [await one.guest('ann'), await stranger.guest('eve')];
    await isUp(one, stranger);
    emit(one, 0, 1);
    emit(stranger, 1, 2);
    await settled([one], ann);
    await settled([stranger], eve);
    expect([ann.news, eve.news]).toEqual([[0], [1]]);
    expect([one.server.hub.clients, stranger.server.hub.clients]).toEqual([[ann.id], [eve.id]]);
  });

  it('begin without Redis, and find each other once it is there', async () => {
    await redis.kill();
    const [one, other] = [await start(), await start()];
    const [ann, bob] = [await one.guest('ann'), await other.guest('bob')];
    emit(one, 0, 10);
    await until('ann has all', () => ann.news.length === 10);
    await redis.restart();
    await allSee([one, other], ann, bob);
    await settled([one, other], ann, bob);
  });

  it('close while Redis is away, at once', async () => {
    const { instance, proxy } = await startApart();
    await isUp(instance);
    proxy.target = undefined;
    proxy.reset();
    await isDegraded(instance);
    await instance.app.close();
    expect(proxy.connections).toBe(0);
  });

  it('take the settings of a client of ioredis, which stays as it is', async () => {
    const own = new Redis(redis.url, { lazyConnect: true, keyPrefix: 'mine:' });
    const [one, ann, other, bob] = await two(
      startInstance(stage, redisAdapter({ redis: own, prefix })),
      start({ prefix: `mine:${prefix}` }),
    );
    emit(one, 0, 3);
    await settled([one, other], ann, bob);
    expect(bob.news).toEqual([0, 1, 2]);
    expect(own.status).toBe('wait');
    await stage.clear();
    expect(own.status).toBe('wait');
    own.disconnect();
  });

  it('leave a key alone that is no stream', async () => {
    await redis.ask('set', `${prefix}:hub`, 'something else');
    const instance = await start();
    await until('it says so', () => warnings('WRONGTYPE').length === 1);
    expect(instance.server.hub.adapterStatus).toBe('degraded');
    expect(await redis.ask('get', `${prefix}:hub`)).toBe('something else');
  });
});

describe('redisAdapter', () => {
  it('names every fault of its options', () => {
    const faulty = {
      url: 'http://:secret@here',
      prefix: '',
      maxLength: 1,
      heartbeatTimeoutMs: 400,
      maxlen: 5,
    };
    const error = thrownBy(HeartwireError, () => redisAdapter(faulty));
    expect(error).toMatchObject({
      code: 'INVALID_OPTIONS',
      details: {
        faults: [
          { path: 'url', message: 'url must be redis://host:port, or rediss:// for TLS' },
          {
            path: 'prefix',
            message:
              'prefix must be a text that is not empty: it is ""; leave it out for the default, "heartwire"',
          },
          {
            path: 'maxLength',
            message:
              'maxLength must be a whole number of at least 100: it is 1; leave it out for the default, 10000',
          },
          {
            path: 'heartbeatTimeoutMs',
            message:
              'heartbeatTimeoutMs must be at least twice heartbeatIntervalMs: it is 400 and heartbeatIntervalMs is 5000; raise the one or lower the other',
          },
          { path: 'maxlen', message: 'maxlen is no option: did you mean maxLength?' },
        ],
      },
    });
    expect(error.message).not.toContain('secret');
  });

  it.each([
    ['neither', {}, 'url must be given: there is neither url nor redis'],
    ['both', { url: 'redis://here', redis: { duplicate: () => undefined } }, 'beside redis'],
    ['no client', { redis: {} }, 'redis must be an object with the method duplicate'],
    ['no options at all', undefined, 'options must be an object'],
  ])('wants to know where Redis is: %s', (_, options, words) => {
    expect(() => redisAdapter(options as RedisAdapterOptions)).toThrow(words);
  });
});
