import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { type HeartwireClient, HeartwireContext, type HeartwireServer, type Presence } from 'heartwire';
import { firstValueFrom, interval, map, type Observable, take, throwError } from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class ChatController {
  @MessagePattern('whoami')
  whoami(@Ctx() { connection }: HeartwireContext): string {
    return connection.clientId;
  }

  @MessagePattern('join')
  join(@Payload() room: string, @Ctx() { connection }: HeartwireContext): readonly string[] {
    connection.join(room);
    connection.emit('welcome', room);
    return connection.rooms;
  }

  @MessagePattern('leave')
  leave(@Payload() room: string, @Ctx() { connection }: HeartwireContext): boolean {
    return connection.leave(room);
  }
}

/** A client with its id, and with what was pushed to it under "news". */
interface Guest {
  readonly client: HeartwireClient;
  readonly id: string;
  readonly news: unknown[];
}

describe('a server', () => {
  const stage = new Stage();
  let server: HeartwireServer;
  let url: string;
  let presence: Presence[];

  beforeEach(async () => {
    ({ server, url } = await stage.serve({ controllers: [ChatController] }));
    presence = [];
    server.hub.presence$.subscribe((event) => presence.push(event));
  });

  afterEach(() => stage.clear());

  const guest = async (): Promise<Guest> => {
    const client = stage.client(url);
    const news: unknown[] = [];
    client.on$('news').subscribe((item) => news.push(item));
    return { client, news, id: await firstValueFrom(client.send<string>('whoami', {})) };
  };

  const guests = async (): Promise<[Guest, Guest, Guest]> => [await guest(), await guest(), await guest()];

  /** Whatever was pushed to them before has arrived once this has. */
  const settled = async (...all: readonly Guest[]): Promise<void> => {
    server.hub.broadcast.emit('news', 'last');
    await until('all pushes are here', () => all.every(({ news }) => news.at(-1) === 'last'));
    for (const { news } of all) news.pop();
  };

  it('pushes to one client, to all, to all but some', async () => {
    const [ann, bob, cid] = await guests();
    server.hub.to(ann.id).emit('news', { n: 1 });
    server.hub.to({ client: bob.id }).emit('news', { n: 2 });
    server.hub.broadcast.emit('news', { n: 3 });
    server.hub.broadcast.except(ann.id, { client: bob.id }).emit('news', { n: 4 });
    await settled(ann, bob, cid);
    expect(ann.news).toEqual([{ n: 1 }, { n: 3 }]);
    expect(bob.news).toEqual([{ n: 2 }, { n: 3 }]);
    expect(cid.news).toEqual([{ n: 3 }, { n: 4 }]);
  });

  it('pushes to rooms, which clients join and leave', async () => {
    const [ann, bob, cid] = await guests();
    expect(server.hub.join(ann.id, 'lobby')).toBe(true);
    expect(await firstValueFrom(bob.client.send('join', 'lobby'))).toEqual(['lobby']);
    server.hub.join(cid.id, 'kitchen');
    expect(server.hub.rooms).toEqual(['lobby', 'kitchen']);
    expect(server.hub.members('lobby')).toEqual([ann.id, bob.id]);
    server.hub.to('lobby').emit('news', 1);
    server.hub.to({ room: 'lobby' }, 'kitchen').except(ann.id).emit('news', 2);
    expect(await firstValueFrom(bob.client.send('leave', 'lobby'))).toBe(true);
    server.hub.to('lobby').emit('news', 3);
    await settled(ann, bob, cid);
    expect([ann.news, bob.news, cid.news]).toEqual([[1, 3], [1, 2], [2]]);
  });

  it('has nobody in a room who is gone, and no room that nobody is in', async () => {
    const ann = await guest();
    const bob = await guest();
    server.hub.join(ann.id, 'lobby');
    server.hub.join(bob.id, 'lobby');
    server.hub.join(ann.id, 'attic');
    await ann.client.close();
    await until('ann is gone', () => !server.hub.clients.includes(ann.id));
    expect(server.hub.rooms).toEqual(['lobby']);
    expect(server.hub.members('lobby')).toEqual([bob.id]);
    expect(server.hub.join(ann.id, 'lobby')).toBe(false);
    server.hub.leave(bob.id, 'lobby');
    expect(server.hub.rooms).toEqual([]);
  });

  it('tells who comes, goes, joins and leaves', async () => {
    const ann = await guest();
    await firstValueFrom(ann.client.send('join', 'lobby'));
    await firstValueFrom(ann.client.send('join', 'attic'));
    await firstValueFrom(ann.client.send('leave', 'lobby'));
    await ann.client.close();
    await until('ann is gone', () => presence.at(-1)?.type === 'disconnected');
    const who = { clientId: ann.id, identity: undefined };
    expect(presence).toEqual([
      { type: 'connected', ...who },
      { type: 'joined', ...who, room: 'lobby' },
      { type: 'joined', ...who, room: 'attic' },
      { type: 'left', ...who, room: 'lobby' },
      { type: 'disconnected', ...who, rooms: ['attic'] },
    ]);
  });

  it('emits to the client of a handler, before the handler has answered', async () => {
    const ann = await guest();
    const welcomes: unknown[] = [];
    ann.client.on$('welcome').subscribe((room) => welcomes.push(room));
    await firstValueFrom(ann.client.send('join', 'lobby'));
    expect(welcomes).toEqual(['lobby']);
  });

  it('pushes bytes as bytes', async () => {
    const ann = await guest();
    server.hub.broadcast.emit('news', Buffer.from([0, 255]));
    await settled(ann);
    expect(ann.news).toEqual([Buffer.from([0, 255])]);
  });

  it('says at once what it can’t push', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(() => {
      server.hub.broadcast.emit('news', circle);
    }).toThrow(expect.objectContaining({ code: 'UNSERIALIZABLE' }));
    expect(() => {
      server.hub.broadcast.emit(Symbol('news'), {});
    }).toThrow(expect.objectContaining({ code: 'UNSERIALIZABLE' }));
    expect(() => {
      server.hub.broadcast.emit('news', 'x'.repeat(5 * 1_024 * 1_024));
    }).toThrow(expect.objectContaining({ code: 'FRAME_TOO_LARGE' }));
  });

  it('skips a client that takes no frames so long, and says so once', async () => {
    const ann = await guest();
    const short = stage.client(url, { limits: { maxFrameBytes: 2_048 } });
    await short.connect();
    server.hub.broadcast.emit('news', 'x'.repeat(4_000));
    server.hub.broadcast.emit('news', 'y'.repeat(4_000));
    server.hub.broadcast.emit('news', 'z'.repeat(4_000));
    await settled(ann);
    expect(ann.news).toHaveLength(3);
    expect(stage.logger.texts('warn').filter((text) => text.includes('FRAME_TOO_LARGE'))).toHaveLength(1);
    expect(server.connections).toHaveLength(2);
  });

  describe('calls a client', () => {
    it('and gets what its handler answers', async () => {
      const ann = await guest();
      ann.client.handle('double', (n) => Number(n) * 2);
      ann.client.handle('later', (n) => Promise.resolve(`${String(n)} later`));
      // As of a query builder: no Promise, but `await` waits for it.
      ann.client.handle('query', (n) => ({ then: (tell: (value: unknown) => void) => tell(n) }));
      const { hub } = server;
      expect(await firstValueFrom(hub.client(ann.id).send('double', 21))).toBe(42);
      expect(await firstValueFrom(hub.client(ann.id).send('later', 1))).toBe('1 later');
      expect(await firstValueFrom(hub.client(ann.id).send('query', 7))).toBe(7);
    });

    it('and gets a stream, which ends at the client when it is left', async () => {
      const ann = await guest();
      let hasEnded = false;
      const count = (): Observable<number> => interval(1).pipe(map((n) => n + 1));
      ann.client.handle('count', (_, { signal }) => {
        signal.addEventListener('abort', () => {
          hasEnded = true;
        });
        return count();
      });
      const taken = server.hub.client(ann.id).send<number>('count', {}).pipe(take(3));
      expect(await outcomeOf(taken)).toMatchObject({ values: [1, 2, 3], end: 'complete' });
      await until('the handler was told', () => hasEnded);
      for await (const item of server.hub.client(ann.id).send<number>('count', {})) if (item === 2) break;
    });

    it('and sends it a stream', async () => {
      const ann = await guest();
      ann.client.handle('sum', async (_, { stream }) => {
        let sum = 0;
        for await (const item of stream) sum += Number(item);
        return sum;
      });
      const stream = interval(1).pipe(take(5));
      expect(await firstValueFrom(server.hub.client(ann.id).send('sum', {}, { stream }))).toBe(10);
    });

    it('within a deadline, which the handler knows', async () => {
      const ann = await guest();
      ann.client.handle('time left', (_, { timeLeftMs }) => timeLeftMs);
      ann.client.handle('silent', () => new Promise(() => undefined));
      const called = server.hub.client(ann.id);
      const timeLeftMs = await firstValueFrom(called.send('time left', {}, { timeoutMs: 20_000 }));
      expect(timeLeftMs).toBeGreaterThan(0);
      expect(timeLeftMs).toBeLessThanOrEqual(20_000);
      const error = await errorOf(called.send('silent', {}, { timeoutMs: 150 }));
      expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    });

    it('within the deadline of the server, where the call names none', async () => {
      const patient = await stage.serve({}, { server: { callTimeoutMs: 60_000 } });
      const client = stage.client(patient.url);
      client.handle('time left', (_, { timeLeftMs }) => timeLeftMs);
      await until('it is there', () => patient.server.hub.clients.length === 1);
      const [id = ''] = patient.server.hub.clients;
      const timeLeftMs = await firstValueFrom(patient.server.hub.client(id).send<number>('time left', {}));
      expect(timeLeftMs).toBeGreaterThan(30_000);
      expect(timeLeftMs).toBeLessThanOrEqual(60_000);
    });

    it('and fails as its handler does, or for want of one', async () => {
      const ann = await guest();
      ann.client.handle('fail', () => throwError(() => ({ reason: 'no' })));
      const { hub } = server;
      expect(await errorOf(hub.client(ann.id).send('fail', {}))).toEqual({ reason: 'no' });
      expect(await errorOf(hub.client(ann.id).send('none', {}))).toMatchObject({ code: 'NO_HANDLER' });
      expect(await errorOf(hub.client('nobody').send('none', {}))).toMatchObject({
        code: 'CONNECTION_LOST',
        sent: 'never',
      });
    });

    it('and fails when the client is gone, also what was not sent yet', async () => {
      const strict = await stage.serve({ controllers: [ChatController] }, { server: { resumeWindowMs: 0 } });
      const { hub } = strict.server;
      const stubborn = stage.client(strict.url, { limits: { runningCallsPerConnection: 1 } });
      const id = await firstValueFrom(stubborn.send<string>('whoami', {}));
      let hasBegun = false;
      stubborn.handle('silent', () => {
        hasBegun = true;
        return new Promise(() => undefined);
      });
      const long = { timeoutMs: 60_000 };
      const running = errorOf(hub.client(id).send('silent', 1, long));
      const waiting = errorOf(hub.client(id).send('silent', 2, long));
      await until('the first one runs', () => hasBegun);
      stubborn.unwrap<{ resetAndDestroy(): void }>().resetAndDestroy();
      expect(await running).toMatchObject({ sent: 'maybe' });
      expect(await waiting).toMatchObject({ sent: 'never' });
    });
  });

  it('tells every handler and every listener of a push, until they leave', async () => {
    const ann = await guest();
    const seen: unknown[] = [];
    const removeFirst = ann.client.handle('news', (item) => seen.push(['first', item]));
    ann.client.handle('news', (item) => seen.push(['second', item]));
    server.hub.broadcast.emit('news', 1);
    await settled(ann);
    removeFirst();
    server.hub.broadcast.emit('news', 2);
    await settled(ann);
    expect(ann.news).toEqual([1, 2]);
    expect(seen.filter((each) => (each as unknown[])[1] !== 'last')).toEqual([
      ['first', 1],
      ['second', 1],
      ['second', 2],
    ]);
  });

  it('runs what a handler of a push generates to its end', async () => {
    const ann = await guest();
    const seen: unknown[] = [];
    ann.client.handle('steps', async function* (item) {
      yield 'begun';
      await new Promise(setImmediate);
      seen.push(item);
    });
    server.hub.broadcast.emit('steps', 1);
    await until('it has run', () => seen.length > 0);
    expect(seen).toEqual([1]);
  });
});
