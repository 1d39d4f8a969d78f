import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  HeartwireContext,
  type HeartwireClient,
  type HeartwireServer,
  type HeartwireServerOptions,
  IncomingStream,
} from 'heartwire';
import { FaultProxy } from 'heartwire/testing';
import { filter, firstValueFrom, lastValueFrom, type Observable, Subject } from 'rxjs';

import { deferred } from './support/deferred.js';
import { outcomeOf } from './support/outcome.js';
import { RawPeer } from './support/raw-peer.js';
import { RawServer } from './support/raw-server.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class FactsController {
  readonly gate = deferred();
  readonly ticks$ = new Subject<number>();
  readonly told: unknown[] = [];
  readonly items: unknown[] = [];

  @MessagePattern('who')
  who(@Ctx() { connection }: HeartwireContext): string {
    return connection.clientId;
  }

  @MessagePattern('when the gate opens')
  async later(): Promise<string> {
    await this.gate.promise;
    return 'done';
  }

  @MessagePattern('ticks')
  ticks(): Observable<number> {
    return this.ticks$;
  }

  @MessagePattern('collect')
  async collect(@IncomingStream() items: IncomingStream<number>): Promise<number> {
    for await (const item of items) this.items.push(item);
    return this.items.length;
  }

  @EventPattern('told')
  tell(@Payload() what: unknown): void {
    this.told.push(what);
  }
}

const stage = new Stage();
let server: HeartwireServer;
let url: string;
let controller = new FactsController();

async function serve(options: Omit<HeartwireServerOptions, 'url' | 'urls'> = {}): Promise<void> {
  const served = await stage.serve({ controllers: [FactsController] }, { server: options });
  ({ server, url } = served);
  controller = served.app.get(FactsController);
}

async function stranger(): Promise<RawPeer> {
  const peer = stage.track(await RawPeer.connect(url));
  await peer.received({ type: 'welcome' });
  return peer;
}

const becomes = (client: HeartwireClient, status: string): Promise<unknown> =>
  firstValueFrom(client.status.pipe(filter((now) => now === status)));

afterEach(async () => {
  controller.gate.resolve();
  await stage.clear();
});

describe('a client that was closed by hand', () => {
  it('does not attempt to reconnect', async () => {
    const raw = stage.track(await RawServer.listen());
    const client = stage.client(raw.url, { reconnect: { firstMaxMs: 1, baseMs: 1 } });
    const connecting = client.connect();
    const peer = await raw.greeted(0);
    await connecting;
    const closing = client.close();
    // Cut off in the middle of its closing.
    peer.close();
    await closing;
    expect(await firstValueFrom(client.status)).toBe('closed');
    // Somebody else who comes now would come after it.
    const other = stage.client(raw.url);
    const back = other.connect();
    await raw.greeted(1);
    await back;
    expect(raw.peers).toHaveLength(2);
  });
});

describe('an identity', () => {
  it('is mapped to its connections: a push goes to one identity, or to all', async () => {
    await serve({ authenticate: ({ token }) => ({ id: token }) });
    const guest = async (token: string): Promise<{ news: unknown[]; id: string }> => {
      const client = stage.client(url, { token });
      const news: unknown[] = [];
      client.on$('news').subscribe((item) => news.push(item));
      return { news, id: await firstValueFrom(client.send<string>('who', {})) };
    };
    const [ann, annToo, bob] = [await guest('ann'), await guest('ann'), await guest('bob')];
    expect(server.hub.identified('ann')).toEqual([ann.id, annToo.id]);
    expect(server.hub.identified('nobody')).toEqual([]);
    server.hub.to({ identity: 'ann' }).emit('news', 'for ann');
    server.hub.broadcast.emit('news', 'for all');
    await until('everybody has heard', () =>
      [ann, annToo, bob].every(({ news }) => news.at(-1) === 'for all'),
    );
    expect([ann.news, annToo.news, bob.news]).toEqual([
      ['for ann', 'for all'],
      ['for ann', 'for all'],
      ['for all'],
    ]);
  });
});

/** A second between two uses is idle, and what takes less than that is not. */
const IDLE = { maxConnectionIdleMs: 300 };

describe('an idle connection', () => {
  /** On a busy machine the connection may be idle again before something is pushed: then the next one hears it. */
  const hears = (news: readonly unknown[]): Promise<void> =>
    until('what is pushed is heard', () => {
      server.hub.broadcast.emit('news', 'still there');
      return news.includes('still there');
    });

  it('is closed in order: a simple peer is told so first', async () => {
    await serve(IDLE);
    const peer = await stranger();
    peer.answerPings();
    await peer.received({ type: 'goaway', reason: 'idle' });
    await peer.closed();
    await until('nobody is left', () => server.connections.length === 0);
    expect(peer.messages.some(({ type }) => type === 'error')).toBe(false);
  });

  it('is closed though heartbeats and acks go on: they are no use', async () => {
    await serve({ ...IDLE, heartbeat: { intervalMs: 100, timeoutMs: 1_000 } });
    const client = stage.client(url);
    await client.connect();
    await becomes(client, 'idle');
    await until('nobody is left', () => server.connections.length === 0);
  });

  it('is opened again by the next call, and no call fails', async () => {
    await serve(IDLE);
    const client = stage.client(url);
    const ids: unknown[] = [];
    const seen: string[] = [];
    client.status.subscribe((status) => seen.push(status));
    for (let round = 0; round < 3; round++) {
      ids.push(await firstValueFrom(client.send('who', {})));
      await becomes(client, 'idle');
      expect(client.endpoints).toMatchObject([{ isConnected: false, isIdle: true }]);
      await until('the connection is closed', () => server.connections.length === 0);
    }
    expect(new Set(ids).size).toBe(3);
    const again = ['reconnecting', 'connected', 'idle'];
    expect(seen.slice(-7)).toEqual(['idle', ...again, ...again]);
    await lastValueFrom(client.emit('told', 'an event', { acknowledge: true }));
    expect(controller.told).toEqual(['an event']);
    expect(stage.logger.texts('warn')).toEqual([]);
  });

  it('was no outage: the log tells only how long it took to connect again', async () => {
    await serve(IDLE);
    const client = stage.client(url);
    await client.connect();
    await becomes(client, 'idle');
    await until('the connection is closed', () => server.connections.length === 0);
    const { now } = performance;
    const later = jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 3_600_000);
    try {
      await firstValueFrom(client.send('who', {}));
    } finally {
      later.mockRestore();
    }
    const connected = stage.logger.texts('log').filter((line) => line.startsWith('Connected to'));
    const tookMs = connected.map((line) => Number(/after (\d+) ms/.exec(line)?.[1]));
    expect(tookMs).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.max(...tookMs)).toBeLessThan(3_600_000);
  });

  it('stays closed while nobody calls: its client does not flap', async () => {
    await serve(IDLE);
    const client = stage.client(url, { reconnect: { firstMaxMs: 1, baseMs: 1 } });
    let opened = 0;
    server.connections$.subscribe(({ type }) => (opened += type === 'opened' ? 1 : 0));
    await client.connect();
    await becomes(client, 'idle');
    await until('it is closed', () => server.connections.length === 0);
    const openedUntilThen = opened;
    // Another comes and goes in the meantime.
    const other = await stranger();
    await other.closed();
    expect(opened).toBe(openedUntilThen + 1);
    expect(await firstValueFrom(client.status)).toBe('idle');
  });

  it('stays closed for a client that listens for pushes no more', async () => {
    await serve(IDLE);
    const client = stage.client(url);
    const listener = client.on$('news').subscribe();
    client.on$('news').subscribe().unsubscribe();
    await client.connect();
    listener.unsubscribe();
    await becomes(client, 'idle');
    await until('it is closed', () => server.connections.length === 0);
    const other = await stranger();
    await other.closed();
    expect(await firstValueFrom(client.status)).toBe('idle');
  });

  it.each(['upstream', 'downstream'] as const)(
    'costs no call that meets its end on the way, with %s slow',
    async (way) => {
      await serve({ maxConnectionIdleMs: 100 });
      const proxy = stage.track(await FaultProxy.to(url));
      const client = stage.client(proxy.url);
      const failures: unknown[] = [];
      for (let round = 0; round < 3; round++) {
        await firstValueFrom(client.send('who', {}));
        proxy.slow({ delayMs: 300 }, way);
        const said = server.connections[0]?.bytesSent;
        const endIsSaid = until('the end is said', () => server.connections[0]?.bytesSent !== said);
        // Of the call and the connection's end, one is on its way when the other is said.
        if (way === 'downstream') await endIsSaid;
        const call = outcomeOf(client.send('who', {}));
        client.emit('told', round);
        await endIsSaid;
        proxy.heal();
        const { error } = await call;
        if (error !== undefined) failures.push(error);
      }
      expect(failures).toEqual([]);
      await until('every event has arrived', () => controller.told.length === 3);
    },
  );

  it('is none that a call runs on, a stream is open on, or a push goes over', async () => {
    await serve(IDLE);
    const [calling, following, sending, listening, quiet] = [1, 2, 3, 4, 5].map(() => stage.client(url));
    if (!calling || !following || !sending || !listening || !quiet) throw new Error('unreachable');
    const call = outcomeOf(calling.send('when the gate opens', {}, { timeoutMs: 60_000 }));
    const ticks = outcomeOf(following.send('ticks', {}, { timeoutMs: 60_000 }));
    const source = new Subject<number>();
    const upload = outcomeOf(sending.send('collect', {}, { stream: source, timeoutMs: 60_000 }));
    const news: unknown[] = [];
    listening.on$('news').subscribe((item) => news.push(item));
    const listener = await firstValueFrom(listening.send('who', {}));
    const pushing = setInterval(() => {
      server.hub.to({ client: listener as string }).emit('news', 1);
    }, 50);
    try {
      for (let round = 0; round < 2; round++) {
        await firstValueFrom(quiet.send('who', {}));
        await becomes(quiet, 'idle');
      }
      await until('pushes have gone over it all the while', () => news.length > 5);
    } finally {
      clearInterval(pushing);
    }
    expect(server.connections.filter(({ liveness }) => liveness !== undefined).length).toBeGreaterThanOrEqual(
      4,
    );
    expect(await firstValueFrom(listening.send('who', {}))).toBe(listener);
    controller.gate.resolve();
    controller.ticks$.complete();
    source.next(1);
    source.complete();
    expect(await Promise.all([call, ticks, upload])).toMatchObject([
      { end: 'complete', values: ['done'] },
      { end: 'complete' },
      { end: 'complete', values: [1] },
    ]);
  });

  it('of a client that listens for pushes is opened again at once', async () => {
    await serve(IDLE);
    const client = stage.client(url);
    const news: unknown[] = [];
    client.on$('news').subscribe((item) => news.push(item));
    await client.connect();
    const [{ clientId } = { clientId: '' }] = server.connections;
    await until('it has a new connection', () => server.hub.clients.some((id) => id !== clientId));
    await hears(news);
  });

  it('is opened again when somebody begins to listen', async () => {
    await serve(IDLE);
    const client = stage.client(url);
    await client.connect();
    await becomes(client, 'idle');
    const news: unknown[] = [];
    client.on$('news').subscribe((item) => news.push(item));
    await becomes(client, 'connected');
    await hears(news);
  });
});

describe('connection facts', () => {
  it('are told by `status`, by either end', async () => {
    await serve();
    const peer = await stranger();
    peer.send({ type: 'status' });
    expect(await peer.received({ type: 'status_response' })).toMatchObject({
      clientId: server.connections[0]?.clientId,
      isAlive: true,
      bytesReceived: expect.any(Number),
    });
    const raw = stage.track(await RawServer.listen());
    stage
      .client(raw.url)
      .connect()
      .catch(() => undefined);
    const client = await raw.greeted(0);
    client.send({ type: 'status' });
    expect(await client.received({ type: 'status_response' })).toMatchObject({
      clientId: 'c-1',
      isAlive: true,
      uptime: expect.any(Number),
    });
  });

  it('say how long it stands, whatever becomes of the time of day', async () => {
    await serve();
    const peer = await stranger();
    const now = Date.now();
    const timeOfDay = jest.spyOn(Date, 'now').mockReturnValue(now - 3_600_000);
    try {
      expect(server.connections[0]?.uptimeMs).toBeGreaterThanOrEqual(0);
      peer.send({ type: 'status' });
      const { uptime } = await peer.received({ type: 'status_response' });
      expect(uptime).toBeGreaterThanOrEqual(0);
    } finally {
      timeOfDay.mockRestore();
    }
  });
});

describe('the status of a server', () => {
  it('is broadcast on a period (statusIntervalMs) to every client, simple or not', async () => {
    await serve({ statusIntervalMs: 100, heartbeat: { intervalMs: 100, timeoutMs: 1_000 } });
    const peer = await stranger();
    peer.answerPings();
    const client = stage.client(url);
    await client.connect();
    const told = (): number => peer.messages.filter(({ type }) => type === 'status_response').length;
    await until('the peer was told three times', () => told() >= 3);
    await until('the client was told', () => typeof client.endpoints[0]?.seenByServer?.rtt === 'number');
    const { clientId } =
      server.connections.find(({ remote }) => !remote.endsWith(String(peer.localPort))) ?? {};
    expect(client.endpoints[0]?.seenByServer).toEqual({
      clientId,
      connectTime: expect.any(Number),
      uptime: expect.any(Number),
      rtt: expect.any(Number),
      heartbeatCount: expect.any(Number),
      missedHeartbeats: expect.any(Number),
      lastHeartbeat: expect.any(Number),
      isAlive: true,
      bytesReceived: expect.any(Number),
      bytesSent: expect.any(Number),
    });
  });

  it('is told to nobody who is not let in yet', async () => {
    await serve({ statusIntervalMs: 100, authenticate: () => 'anybody' });
    const outside = await stranger();
    const inside = await stranger();
    inside.send({ type: 'hello', protocol: 1 });
    await inside.received({ type: 'status_response' });
    expect(outside.messages.map(({ type }) => type)).not.toContain('status_response');
  });
});

describe('a server that shuts down', () => {
  it('gives notice before it closes, and lets what runs finish between the two', async () => {
    await serve({ drainTimeoutMs: 60_000 });
    const peer = await stranger();
    peer.answerPings();
    peer.send({ id: 1, pattern: 'when the gate opens', data: {} });
    await until('the call runs', () => server.connections[0]?.runningCalls === 1);
    const closing = server.close();
    await peer.received({ type: 'goaway', reason: 'shutdown', graceMs: 60_000 });
    expect(peer.isClosed).toBe(false);
    controller.gate.resolve();
    expect(await peer.received({ id: 1 })).toEqual({ id: 1, response: 'done', isDisposed: true });
    await peer.closed();
    await closing;
    const kinds = peer.messages.map(({ type, id }) => type ?? id);
    expect(kinds.indexOf('goaway')).toBeLessThan(kinds.indexOf(1));
  });
});

describe('a half-closed connection', () => {
  it('whose other end has finished sending has its running calls answered, and is closed then', async () => {
    await serve({ drainTimeoutMs: 60_000 });
    const peer = await stranger();
    peer.send(
      { id: 1, pattern: 'when the gate opens', data: {} },
      { id: 2, pattern: 'ticks', data: {} },
      { id: 3, pattern: 'who', data: {} },
    );
    peer.socket.end();
    await peer.received({ id: 3 });
    controller.ticks$.next(1);
    controller.ticks$.next(2);
    await peer.received({ id: 2, response: 1 });
    expect(peer.isClosed).toBe(false);
    controller.ticks$.complete();
    await peer.received({ id: 2, isDisposed: true });
    controller.gate.resolve();
    expect(await peer.received({ id: 1 })).toEqual({ id: 1, response: 'done', isDisposed: true });
    await peer.closed();
    await until('nobody is left', () => server.connections.length === 0);
  });

  it('is given up when its calls take longer than drainTimeoutMs', async () => {
    await serve({ drainTimeoutMs: 100 });
    const peer = await stranger();
    peer.send({ id: 1, pattern: 'when the gate opens', data: {} });
    await until('the call runs', () => server.connections[0]?.runningCalls === 1);
    peer.socket.end();
    expect(await peer.received({ id: 1 })).toMatchObject({ err: { code: 'CONNECTION_LOST' } });
    await peer.closed();
  });
});
