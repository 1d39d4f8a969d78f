import { randomUUID } from 'node:crypto';
import { getEventListeners, getMaxListeners } from 'node:events';
import type { Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HeartwireServer, type HubAdapter, InProcessAdapter } from 'heartwire';
import { redisAdapter } from 'heartwire/redis';
import { catchError, firstValueFrom, interval, map, take } from 'rxjs';

import { describeUnless } from '../support/describe-unless.js';
import { allSee, allSeeIn, type Guest, type Instance, settled, startInstance } from '../support/instances.js';
import { errorOf, outcomeOf } from '../support/outcome.js';
import { RedisServer, whyNoRedis } from '../support/redis-server.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

// What every adapter does: one test for all of them.

/** Within this a call reaches its handler on a busy machine, too. */
const LONG_ENOUGH_MS = 2_000;

/** Gives adapters of one group of instances. */
type Group = () => HubAdapter;

interface Kind {
  readonly name: string;
  readonly obstacle: string | undefined;
  begin(): Promise<void>;
  group(): Group;
  end(): Promise<void>;
}

class InProcessKind implements Kind {
  readonly name = 'in one process';
  readonly obstacle = undefined;

  async begin(): Promise<void> {}

  group(): Group {
    const adapter = new InProcessAdapter();
    return () => adapter;
  }

  async end(): Promise<void> {}
}

class RedisKind implements Kind {
  readonly obstacle = whyNoRedis();
  readonly name = 'over Redis';
  private redis: RedisServer | undefined;

  async begin(): Promise<void> {
    this.redis = await RedisServer.start();
  }

  group(): Group {
    const { url = '' } = this.redis ?? {};
    const prefix = randomUUID();
    // A Redis on a busy disk may let some tenths of a second pass before it confirms anything.
    return () => redisAdapter({ url, prefix, heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 10_000 });
  }

  async end(): Promise<void> {
    await this.redis?.stop();
  }
}

const kinds: readonly Kind[] = [new InProcessKind(), new RedisKind()];

if (process.env['HEARTWIRE_NEEDS_REDIS'] === '1') {
  it('finds a redis-server, as HEARTWIRE_NEEDS_REDIS says', () => {
    expect(whyNoRedis()).toBeUndefined();
  });
}

for (const kind of kinds) {
  describeUnless(kind.obstacle, `instances that are joined ${kind.name}`, () => {
    const stage = new Stage();
    let group: Group;
    let instances: Instance[];
    let [ann, bob, cid]: Guest[] = [];

    beforeAll(() => kind.begin());
    afterAll(() => kind.end());

    beforeEach(async () => {
      group = kind.group();
      instances = [];
      for (let count = 0; count < 3; count += 1) instances.push(await startInstance(stage, group()));
      [ann, bob, cid] = [await at(0).guest('ann'), await at(1).guest('bob'), await at(2).guest('cid')];
      await allSee(instances, ann, bob, cid);
    });
    afterEach(() => stage.clear());

    const at = (index: number): Instance => {
      const instance = instances[index];
      if (instance === undefined) throw new Error(`no instance ${String(index)}`);
      return instance;
    };
    const all = (): [Guest, Guest, Guest] => {
      if (ann === undefined || bob === undefined || cid === undefined) throw new Error('before each test');
      return [ann, bob, cid];
    };

    it('push to everybody, once', async () => {
      at(0).server.hub.broadcast.emit('news', { n: 1 });
      await settled(instances, ...all());
      expect(all().map(({ news }) => news)).toEqual([[{ n: 1 }], [{ n: 1 }], [{ n: 1 }]]);
    });

    it('push to rooms, identities and clients of all of them, but for exceptions', async () => {
      const [a, b, c] = all();
      at(0).server.hub.join(a.id, 'lobby');
      at(1).server.hub.join(b.id, 'lobby');
      at(2).server.hub.join(c.id, 'attic');
      const { hub } = at(2).server;
      hub.to({ room: 'lobby' }).emit('news', 1);
      hub.to('lobby', 'attic').except(a.id).emit('news', 2);
      hub.to({ identity: 'ann' }, { client: b.id }).emit('news', 3);
      hub.broadcast.except({ room: 'lobby' }).emit('news', 4);
      hub.broadcast.except({ identity: 'cid' }).emit('news', 5);
      await settled(instances, ...all());
      expect([a.news, b.news, c.news]).toEqual([
        [1, 3, 5],
        [1, 2, 3, 5],
        [2, 4],
      ]);
    });

    it('push to a client of their own together with one of another', async () => {
      const [a, b, c] = all();
      at(0).server.hub.to({ client: a.id }, { client: b.id }).emit('news', 'for two');
      await settled(instances, a, b, c);
      expect([a.news, b.news, c.news]).toEqual([['for two'], ['for two'], []]);
    });

    it('keep the order of each of them, and double nothing', async () => {
      const count = 300;
      for (let n = 0; n < count; n += 1)
        for (const [index, { server }] of instances.entries()) {
          server.hub.broadcast.emit('news', [index, n]);
          if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
      await settled(instances, ...all());
      const expected = Array.from({ length: count }, (_, n) => n);
      for (const { news } of all())
        for (const index of [0, 1, 2])
          expect((news as [number, number][]).filter(([from]) => from === index).map(([, n]) => n)).toEqual(
            expected,
          );
    });

    it('push bytes as bytes, and metadata and patterns as they are', async () => {
      const [a, b] = all();
      const contexts: unknown[] = [];
      b.client.handle({ cmd: 'look' }, (data, context) => {
        contexts.push([data, context.metadata]);
      });
      at(0).server.hub.broadcast.emit('news', Buffer.from([0, 255, 10]));
      at(0)
        .server.hub.to({ client: b.id })
        .emit({ cmd: 'look' }, { a: 1 }, { metadata: { trace: 'x' } });
      await settled(instances, a, b);
      expect(b.news).toEqual([Buffer.from([0, 255, 10])]);
      await until('the handler was called', () => contexts.length === 1);
      expect(contexts).toEqual([[{ a: 1 }, { trace: 'x' }]]);
    });

    it('know who is where, and hear what changes', async () => {
      const [a, b, c] = all();
      for (const { presence } of instances) presence.length = 0;
      await firstValueFrom(a.client.send('join', 'lobby'));
      await allSeeIn('lobby', instances, a);
      await firstValueFrom(b.client.send('join', 'lobby'));
      await allSeeIn('lobby', instances, a, b);
      expect(at(2).server.hub.rooms).toEqual(['lobby']);
      expect(at(2).server.hub.roomsOf(a.id)).toEqual(['lobby']);
      at(0).server.hub.leave(a.id, 'lobby');
      await allSeeIn('lobby', instances, b);
      await b.client.close();
      await allSee(instances, a, c);
      expect(at(2).server.hub.rooms).toEqual([]);
      const [isAnn, isBob] = [a, b].map(({ id }, index) => ({
        clientId: id,
        identity: { id: ['ann', 'bob'][index] },
      }));
      for (const { presence } of instances) {
        expect(presence).toEqual([
          { type: 'joined', ...isAnn, room: 'lobby' },
          { type: 'joined', ...isBob, room: 'lobby' },
          { type: 'left', ...isAnn, room: 'lobby' },
          { type: 'disconnected', ...isBob, rooms: ['lobby'] },
        ]);
      }
    });

    it('hear who comes back over a new link, and that it is in its room still', async () => {
      const [a] = all();
      at(0).server.hub.join(a.id, 'lobby');
      await allSeeIn('lobby', instances, a);
      a.client.unwrap<Socket>().destroy();
      const heardBy = ({ presence }: Instance): readonly string[] =>
        presence.filter(({ clientId }) => clientId === a.id).map(({ type }) => type);
      await until('all hear it', () => instances.every((one) => heardBy(one).at(-1) === 'resumed'));
      // The new link may be there before the end of the old one is.
      for (const instance of instances)
        expect(heardBy(instance).filter((type) => type !== 'suspended')).toEqual([
          'connected',
          'joined',
          'resumed',
        ]);
      await allSeeIn('lobby', instances, a);
    });

    it('know who was put into a room before its first word', async () => {
      const { server } = at(0);
      server.connections$.subscribe(({ type, connection }) => {
        if (type === 'opened') server.hub.join(connection.clientId, 'early');
      });
      const dot = await at(0).guest('dot');
      await allSeeIn('early', instances, dot);
    });

    it('move clients of each other into rooms and out of them', async () => {
      const [a] = all();
      const { hub } = at(1).server;
      expect(hub.join(a.id, 'lobby')).toBe(true);
      await allSeeIn('lobby', instances, a);
      expect(hub.join(a.id, 'lobby')).toBe(false);
      expect(at(0).server.hub.roomsOf(a.id)).toEqual(['lobby']);
      expect(hub.leave(a.id, 'lobby')).toBe(true);
      await allSeeIn('lobby', instances);
      expect(hub.leave(a.id, 'lobby')).toBe(false);
      expect(hub.join('nobody', 'lobby')).toBe(false);
    });

    it('hear what happens in its order, also where a listener brings about the next thing', async () => {
      const [a] = all();
      for (const { presence } of instances) presence.length = 0;
      const { hub } = at(0).server;
      hub.presence$.subscribe((event) => {
        if (event.type === 'joined') hub.leave(event.clientId, event.room);
      });
      const late: string[] = [];
      hub.presence$.subscribe(({ type }) => late.push(type));
      hub.join(a.id, 'lobby');
      hub.join(a.id, 'attic');
      await until('all have heard of it', () => instances.every(({ presence }) => presence.length === 4));
      for (const types of [late, ...instances.map(({ presence }) => presence.map(({ type }) => type))])
        expect(types).toEqual(['joined', 'left', 'joined', 'left']);
      expect(instances.map(({ server }) => server.hub.rooms)).toEqual([[], [], []]);
    });

    it('learn, as one that comes later, who is there already', async () => {
      const [a, b, c] = all();
      at(0).server.hub.join(a.id, 'lobby');
      const late = await startInstance(stage, group());
      await allSee([late], a, b, c);
      await allSeeIn('lobby', [late], a);
      const dot = await late.guest('dot');
      await allSee([...instances, late], a, b, c, dot);
      late.server.hub.to({ room: 'lobby' }).emit('news', 'from late');
      await settled([...instances, late], a, b, c, dot);
      expect([a.news, b.news]).toEqual([['from late'], []]);
    });

    it('lose the clients of one that goes away', async () => {
      const [a, b, c] = all();
      at(2).server.hub.join(c.id, 'lobby');
      await allSeeIn('lobby', instances, c);
      await c.client.close();
      await at(2).app.close();
      await allSee(instances.slice(0, 2), a, b);
      expect(at(0).server.hub.rooms).toEqual([]);
      at(0).server.hub.broadcast.emit('news', 1);
      await settled(instances.slice(0, 2), a, b);
      expect(b.news).toEqual([1]);
    });

    it('are up', async () => {
      for (const { server } of instances) await until('it is up', () => server.hub.adapterStatus === 'up');
    });

    it('tell how the others are reached until they are closed, also after a port was taken at first', async () => {
      const taken = await stage.serve({});
      const server = new HeartwireServer({ url: taken.url, adapter: group() });
      const told: string[] = [];
      server.hub.adapterStatus$.subscribe({
        next: (status) => told.push(status),
        complete: () => told.push('closed'),
      });
      const listen = (): Promise<unknown> => new Promise((resolve) => server.listen(resolve));
      expect(await listen()).toMatchObject({ code: 'CONNECT_FAILED' });
      await taken.app.close();
      expect(await listen()).toBeUndefined();
      expect(told).not.toContain('closed');
      await until('it is up', () => told.at(-1) === 'up');
      await server.close();
      expect(told.at(-1)).toBe('closed');
    });

    it('say at once what can’t be pushed', () => {
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      expect(() => at(0).server.hub.broadcast.emit('news', circle)).toThrow(
        expect.objectContaining({ code: 'UNSERIALIZABLE' }),
      );
    });

    describe('call a client of another one', () => {
      it('and get its answer, its stream, its bytes, its failure', async () => {
        const [a] = all();
        const client = at(2).server.hub.client(a.id);
        a.client.handle('double', (n) => Number(n) * 2);
        a.client.handle('count', () =>
          interval(1).pipe(
            map((n) => n + 1),
            take(5),
          ),
        );
        a.client.handle('bytes', (data) => Buffer.concat([data as Buffer, Buffer.from([255])]));
        a.client.handle('fail', () => {
          throw { reason: 'no' };
        });
        expect(await firstValueFrom(client.send('double', 21))).toBe(42);
        expect((await outcomeOf(client.send('count', {}))).values).toEqual([1, 2, 3, 4, 5]);
        expect(await firstValueFrom(client.send('bytes', Buffer.from([0])))).toEqual(Buffer.from([0, 255]));
        expect(await errorOf(client.send('fail', {}))).toEqual({ reason: 'no' });
        expect(await errorOf(client.send('none', {}))).toMatchObject({ code: 'NO_HANDLER' });
        const items: number[] = [];
        for await (const item of client.send<number>('count', {})) items.push(item);
        expect(items).toEqual([1, 2, 3, 4, 5]);
      });

      it('within a deadline, and until they have enough', async () => {
        const [a] = all();
        const client = at(2).server.hub.client(a.id);
        let ended = 0;
        a.client.handle('silent', (_, { signal }) => {
          signal.addEventListener('abort', () => (ended += 1));
          return new Promise(() => undefined);
        });
        // One that is over before it gets there never reaches the handler.
        expect(await errorOf(client.send('silent', {}, { timeoutMs: LONG_ENOUGH_MS }))).toMatchObject({
          code: 'DEADLINE_EXCEEDED',
        });
        await until('the handler was told', () => ended === 1);
        const giveUp = new AbortController();
        const failure = errorOf(client.send('silent', {}, { signal: giveUp.signal }));
        const left = client.send('silent', {}).subscribe({ error: () => undefined });
        giveUp.abort();
        expect(await failure).toMatchObject({ code: 'CANCELLED' });
        left.unsubscribe();
      });

      it('with one signal for many calls: Node does not take their listeners for a leak', async () => {
        const [a] = all();
        a.client.handle('double', (n) => Number(n) * 2);
        const { signal } = new AbortController();
        await firstValueFrom(at(2).server.hub.client(a.id).send('double', 1, { signal }));
        // Since Node 22 a signal has no bound, which is 0 there.
        expect(getMaxListeners(signal) || Infinity).toBeGreaterThan(20);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      });

      it('and hear at once what can not be said to it', async () => {
        const client = at(2).server.hub.client(all()[0].id);
        const failure = await errorOf(client.send('double', 21n, { timeoutMs: Infinity }));
        expect(failure).toMatchObject({ code: 'UNSERIALIZABLE', sent: 'never' });
      });

      it('until they are closed: what is under way ends, and so does what is made again there and then', async () => {
        const [a, , c] = all();
        const { app, server } = at(2);
        a.client.handle('silent', () => new Promise(() => undefined));
        const ask$ = server.hub.client(a.id).send('silent', {}, { timeoutMs: Infinity });
        const again = firstValueFrom(ask$.pipe(catchError(() => ask$))).catch((error: unknown) => error);
        await c.client.close();
        await app.close();
        expect(await again).toMatchObject({ code: 'CONNECTION_LOST', sent: 'never' });
        expect(await errorOf(ask$)).toMatchObject({ code: 'CONNECTION_LOST', sent: 'never' });
        expect(server.hub.clients).toEqual([]);
        expect(server.hub.join(a.id, 'lobby')).toBe(false);
      });

      it('but not one that is gone, and not with a stream', async () => {
        const [a, , c] = all();
        const client = at(2).server.hub.client(a.id);
        expect(await errorOf(client.send('x', {}, { stream: interval(1) }))).toMatchObject({
          code: 'UNSERIALIZABLE',
          sent: 'never',
        });
        await a.client.close();
        await until('it is gone', () => !at(2).server.hub.clients.includes(a.id));
        expect(await errorOf(client.send('x', {}))).toMatchObject({ code: 'CONNECTION_LOST', sent: 'never' });
        expect(at(2).server.hub.clients).toContain(c.id);
      });
    });
  });
}
