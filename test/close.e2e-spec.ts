import type { Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type {
  ConnectionEvent,
  ConnectionStatus,
  HeartwireClient,
  HeartwireServer,
  HeartwireServerOptions,
} from 'heartwire';
import { filter, firstValueFrom } from 'rxjs';

import { CallsController } from './support/calls.controller.js';
import { freeUrl } from './support/free-url.js';
import { errorOf, type Outcome, outcomeOf } from './support/outcome.js';
import { RawPeer } from './support/raw-peer.js';
import { type Served, Stage } from './support/stage.js';
import { until } from './support/until.js';

const CLOSED = { code: 'CLOSED', sent: 'never', retryable: false };

const stage = new Stage();
let app: Served['app'];
let server: HeartwireServer;
let url: string;
let controller: CallsController;

async function serve(options: Omit<HeartwireServerOptions, 'url' | 'urls'> = {}, at?: string): Promise<void> {
  ({ app, server, url } = await stage.serve(
    { controllers: [CallsController] },
    { server: options, ...(at && { url: at }) },
  ));
  controller = app.get(CallsController);
}

const becomes = (client: HeartwireClient, status: ConnectionStatus): Promise<ConnectionStatus> =>
  firstValueFrom(client.status.pipe(filter((now) => now === status)));

/** A call that runs until `controller.gate` opens. */
async function startCall(client: HeartwireClient): Promise<{ readonly outcome: Promise<Outcome> }> {
  const outcome = outcomeOf(client.send('time left, and again later', {}, { timeoutMs: 60_000 }));
  await controller.noticed('looked at the time');
  return { outcome };
}

/** A call that never ends by itself. */
async function startEndless(client: HeartwireClient): Promise<{ readonly error: Promise<unknown> }> {
  const error = errorOf(client.send('silent', 'it', { timeoutMs: 60_000 }));
  await controller.noticed('started it');
  return { error };
}

afterEach(async () => {
  controller.gate.resolve();
  await stage.clear();
});

describe('close() of a client', () => {
  it('lets running calls finish, and takes no new ones', async () => {
    await serve();
    const client = stage.client(url);
    const { outcome } = await startCall(client);
    const closing = client.close();
    expect(client.close()).toBe(closing);
    expect(await firstValueFrom(client.status)).toBe('draining');
    expect(await errorOf(client.send('time left', 'late'))).toMatchObject(CLOSED);
    expect(await errorOf(client.emit('time left', 'late'))).toMatchObject(CLOSED);
    expect(await errorOf(client.emit('time left', 'late', { acknowledge: true }))).toMatchObject(CLOSED);
    // Once another client is answered, the server has long heard that this one is going away.
    await firstValueFrom(stage.client(url).send('time left', 'another'));
    controller.gate.resolve();
    expect(await outcome).toMatchObject({ end: 'complete', values: [expect.any(Array)] });
    await closing;
    expect(await firstValueFrom(client.status)).toBe('closed');
    expect(client.close()).toBe(closing);
    expect(controller.notices).toEqual(['looked at the time', 'started another']);
  });

  it('that is opened again meanwhile says nothing of the client as it is then, and is waited for', async () => {
    await serve();
    const client = stage.client(url);
    const ends: string[] = [];
    const { outcome } = await startCall(client);
    const first = client.close().then(() => ends.push('first'));
    await client.connect();
    const last = client.close().then(() => ends.push('last'));
    await becomes(client, 'closed');
    const statuses: ConnectionStatus[] = [];
    client.status.subscribe((status) => statuses.push(status));
    await client.connect();
    expect(ends).toEqual([]);
    controller.gate.resolve();
    expect(await outcome).toMatchObject({ end: 'complete' });
    await Promise.all([first, last]);
    expect(ends).toEqual(['first', 'last']);
    expect(statuses).toEqual(['closed', 'connecting', 'connected']);
  });

  it('lets what was said just before it be heard', async () => {
    await serve();
    const client = stage.client(url);
    await client.connect();
    const event = outcomeOf(client.emit('time left', 'event'));
    const call = outcomeOf(client.send('time left', 'call'));
    await client.close();
    expect(await event).toMatchObject({ end: 'complete' });
    expect(await call).toMatchObject({ end: 'complete', values: [expect.any(Number)] });
    expect(controller.notices).toEqual(['started event', 'started call']);
  });

  it('sends every event that was told, however many wait, before it closes', async () => {
    await serve();
    // 40 MB take their time on a busy machine.
    const client = stage.client(url, { callTimeoutMs: 60_000, drainTimeoutMs: 60_000 });
    await client.connect();
    const events = Array.from({ length: 2_000 }, (_, number) =>
      outcomeOf(client.emit('time left', `${String(number)} ${'x'.repeat(20_000)}`)),
    );
    await client.close();
    expect((await Promise.all(events)).every(({ end }) => end === 'complete')).toBe(true);
    expect(controller.notices).toHaveLength(events.length);
  });

  it('lets events run to their end that the server has taken', async () => {
    await serve({ limits: { runningCallsPerConnection: 2 } });
    const client = stage.client(url);
    await client.connect();
    const events = [1, 2, 3, 4].map(() => outcomeOf(client.emit('time left, and again later', {})));
    await client.close();
    expect((await Promise.all(events)).every(({ end }) => end === 'complete')).toBe(true);
    controller.gate.resolve();
    await until('all events have run', () => controller.notices.length === events.length);
  });

  it('settles the calls that wait for their turn: each is answered, or was never sent', async () => {
    await serve({ limits: { runningCallsPerConnection: 1 } });
    const client = stage.client(url);
    const { outcome } = await startCall(client);
    const waiting = [1, 2, 3].map((number) =>
      outcomeOf(client.send('time left', `waiting ${String(number)}`)),
    );
    const closing = client.close();
    controller.gate.resolve();
    expect((await outcome).end).toBe('complete');
    const ends = await Promise.all(waiting);
    for (const { end, error } of ends) if (end === 'error') expect(error).toMatchObject({ sent: 'never' });
    expect(controller.notices).toHaveLength(1 + ends.filter(({ end }) => end === 'complete').length);
    await closing;
  });

  it('cuts off what still runs after drainTimeoutMs, and its handler hears of it', async () => {
    await serve();
    const client = stage.client(url, { drainTimeoutMs: 50 });
    const { error } = await startEndless(client);
    await client.close();
    expect(await error).toMatchObject({ sent: 'maybe' });
    await controller.noticed('torn down');
    expect(await firstValueFrom(client.status)).toBe('closed');
  });

  it('makes no call again that may run twice when its answer is lost meanwhile', async () => {
    await serve();
    const other = await stage.serve({ controllers: [CallsController] });
    const client = stage.client([url, other.url], { balance: 'first' });
    await client.connect();
    await until('both are connected', () => client.endpoints.every(({ isConnected }) => isConnected));
    const error = errorOf(client.send('silent', 'it', { timeoutMs: 60_000, idempotent: true }));
    await controller.noticed('started it');
    const socket = client.unwrap<Socket>();
    const closing = client.close();
    await until('the other is left', () => other.server.connections.length === 0);
    socket.destroy();
    expect(await error).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    await closing;
  });

  it('fails what waits for a connection, which was never sent', async () => {
    await serve();
    const early = stage.client(await freeUrl());
    const waiting = [errorOf(early.send('time left', 'it')), errorOf(early.emit('time left', 'it'))];
    await early.connect();
    await early.close();
    for (const error of waiting) expect(await error).toMatchObject(CLOSED);
    expect(await firstValueFrom(early.status)).toBe('closed');
  });

  it('resolves for a client that never connected', async () => {
    await serve();
    const idle = stage.client(url);
    await expect(idle.close()).resolves.toBeUndefined();
    expect(await errorOf(idle.send('time left', 'it'))).toMatchObject(CLOSED);
    expect(server.connections).toEqual([]);
  });

  it('says at once that it will not be back: the server keeps nothing of it', async () => {
    await serve();
    const client = stage.client(url);
    await client.connect();
    const ended = firstValueFrom(
      server.connections$.pipe(filter(({ type }) => type === 'closed' || type === 'suspended')),
    );
    await client.close();
    expect((await ended).type).toBe('closed');
    expect(server.connections).toEqual([]);
  });
});

describe('close() of a server', () => {
  it('lets running calls finish, while new ones go to the server that takes its place', async () => {
    await serve({ drainTimeoutMs: 60_000 });
    const client = stage.client(url);
    const { outcome } = await startCall(client);
    const old = controller;
    const closing = app.close();
    await becomes(client, 'reconnecting');
    const late = firstValueFrom(client.send('time left', 'late', { timeoutMs: 60_000 }));
    await serve({}, url);
    expect(await late).toBeGreaterThan(0);
    expect(controller.notices).toEqual(['started late']);
    expect(old.notices).toEqual(['looked at the time']);
    old.gate.resolve();
    expect(await outcome).toMatchObject({ end: 'complete', values: [expect.any(Array)] });
    await closing;
  });

  it('lets events finish whose client has lost its connection, those that wait, too', async () => {
    await serve({ limits: { runningCallsPerConnection: 1 }, drainTimeoutMs: 60_000 });
    const peer = stage.track(await RawPeer.connect(url));
    peer.send({ type: 'hello', protocol: 1 });
    for (let n = 0; n < 2; n++) peer.send({ pattern: 'time left, and again later', data: {} });
    peer.send({ id: 1, pattern: 'time left', data: 'call' });
    await peer.received({ id: 1 });
    peer.close();
    await until('its session waits for it', () => server.connections[0]?.isConnected === false);
    let isClosed = false;
    const closing = app.close().then(() => (isClosed = true));
    // It takes no new connections any more: closing has begun.
    await until('nobody is let in', () =>
      RawPeer.connect(url).then(
        (late) => (late.close(), false),
        () => true,
      ),
    );
    expect(isClosed).toBe(false);
    controller.gate.resolve();
    await closing;
    const looks = controller.notices.filter((notice) => notice === 'looked at the time');
    expect(looks).toHaveLength(2);
  });

  it.each([
    ['closes meanwhile', (client: HeartwireClient) => client.close()],
    ['loses its connection meanwhile', () => undefined],
  ])('lets events finish whose client %s', async (_, goes) => {
    await serve({ drainTimeoutMs: 60_000 });
    const client = stage.client(url);
    await client.connect();
    const socket = client.unwrap<Socket>();
    client.emit('time left, and again later', {});
    await controller.noticed('looked at the time');
    const closing = app.close();
    await becomes(client, 'reconnecting');
    await goes(client);
    socket.destroy();
    await until('the client is gone', () => server.connections.every(({ isConnected }) => !isConnected));
    expect(server.connections).toMatchObject([{ runningCalls: 1 }]);
    controller.gate.resolve();
    await closing;
  });

  it('refuses what comes over a connection that it is about to close', async () => {
    await serve();
    const peer = stage.track(await RawPeer.connect(url));
    peer.send({ id: 1, pattern: 'time left, and again later', data: {} });
    await controller.noticed('looked at the time');
    const closing = app.close();
    expect(await peer.received({ type: 'goaway' })).toMatchObject({
      type: 'goaway',
      reason: 'shutdown',
      graceMs: 10_000,
    });
    peer.send({ id: 2, pattern: 'time left', data: 'late' });
    expect(await peer.received({ id: 2 })).toMatchObject({
      id: 2,
      err: { code: 'DRAINING', retryable: true },
      isDisposed: true,
    });
    controller.gate.resolve();
    expect(await peer.received({ id: 1 })).toMatchObject({ id: 1, response: expect.any(Array) });
    await closing;
    expect(controller.notices).toEqual(['looked at the time']);
  });

  it('hears what has come while its process was held up for longer than it waits for an answer', async () => {
    await serve();
    const peer = stage.track(await RawPeer.connect(url));
    peer.send({ id: 1, pattern: 'time left', data: 'call' });
    await peer.received({ id: 1 });
    const closing = app.close();
    const farewell = await peer.received({ type: 'ping' });
    // Behind this come timers, and only then what has been sent.
    await new Promise(setImmediate);
    peer.send({ pattern: 'time left', data: 'event' }, { ...farewell, type: 'pong' });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    await closing;
    expect(controller.notices).toEqual(['started call', 'started event']);
  });

  it('cuts off what still runs after drainTimeoutMs, and leaves no connection behind', async () => {
    await serve({ drainTimeoutMs: 50 });
    const client = stage.client(url);
    const { error } = await startEndless(client);
    const events: ConnectionEvent['type'][] = [];
    let isComplete = false;
    server.connections$.subscribe({
      next: ({ type }) => events.push(type),
      complete: () => (isComplete = true),
    });
    await app.close();
    expect(server.connections).toEqual([]);
    expect(events).toEqual(['closed']);
    expect(isComplete).toBe(true);
    expect(await error).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe', retryable: true });
    await controller.noticed('torn down');
    expect(controller.notices).toEqual(['started it', 'CONNECTION_LOST', 'torn down']);
  });

  it('gives up sessions that wait for a new link', async () => {
    await serve();
    const client = stage.client(url);
    const { error } = await startEndless(client);
    const suspended = firstValueFrom(server.connections$.pipe(filter(({ type }) => type === 'suspended')));
    client.unwrap<Socket>().destroy();
    const closing = suspended.then(() => app.close());
    await becomes(client, 'reconnecting');
    await client.close();
    await closing;
    expect(server.connections).toEqual([]);
    expect(controller.notices).toEqual(['started it', 'CLOSED', 'torn down']);
    expect(await error).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe', retryable: true });
  });

  it('is one promise', async () => {
    await serve();
    const closing = server.close();
    expect(server.close()).toBe(closing);
    await closing;
  });
});
