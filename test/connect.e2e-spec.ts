import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionStatus, HeartwireClient } from 'heartwire';
import { filter, firstValueFrom } from 'rxjs';

import { CallsController } from './support/calls.controller.js';
import { freeUrl } from './support/free-url.js';
import { errorOf } from './support/outcome.js';
import { type Served, Stage } from './support/stage.js';

/** However long a server is in coming, its client is there soon after it. */
const AT_ONCE = { growthMs: 1, maxMs: 1 };

describe('connect()', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  const serve = (url?: string): Promise<Served> =>
    stage.serve({ controllers: [CallsController] }, url === undefined ? {} : { url });

  const becomes = (client: HeartwireClient, status: ConnectionStatus): Promise<ConnectionStatus> =>
    firstValueFrom(client.status.pipe(filter((now) => now === status)));

  const call = (client: HeartwireClient): Promise<unknown> => firstValueFrom(client.send('time left', 'it'));

  it('is one promise and one connection, however often it is called and whoever calls first', async () => {
    const { server, url } = await serve();
    const client = stage.client(url);
    const answer = call(client);
    const connecting = client.connect();
    expect(client.connect()).toBe(connecting);
    await Promise.all([connecting, answer, call(client), call(client)]);
    expect(client.connect()).toBe(connecting);
    expect(server.connections).toHaveLength(1);
  });

  it('stays the same promise when the connection breaks and comes back', async () => {
    const { url } = await serve();
    const client = stage.client(url);
    const connecting = client.connect();
    await connecting;
    client.unwrap<Socket>().destroy();
    await becomes(client, 'reconnecting');
    expect(client.connect()).toBe(connecting);
    await becomes(client, 'connected');
    expect(await call(client)).toBeGreaterThan(0);
  });

  it('resolves without a server too: the client goes on trying', async () => {
    const url = await freeUrl();
    const client = stage.client(url, { reconnect: AT_ONCE });
    let failures = 0;
    client.on('error', () => (failures += 1));
    await expect(client.connect()).resolves.toBeUndefined();
    expect(failures).toBe(1);
    expect(await firstValueFrom(client.status)).toBe('connecting');
    await serve(url);
    expect(await call(client)).toBeGreaterThan(0);
    expect(await firstValueFrom(client.status)).toBe('connected');
  });

  describe('with strict', () => {
    it('rejects without a server, and so do the calls that wait', async () => {
      const url = await freeUrl();
      const client = stage.client(url, { strict: true });
      let failures = 0;
      client.on('error', () => (failures += 1));
      const details = { errno: 'ECONNREFUSED' };
      const expected = { code: 'CONNECT_FAILED', sent: 'never', retryable: true, details };
      const waiting = errorOf(client.send('time left', 'it'));
      const error: unknown = await client.connect().catch((reason: unknown) => reason);
      expect(error).toMatchObject(expected);
      expect(failures).toBe(1);
      expect((error as Error).message).toContain(url.slice('tcp://'.length));
      expect(await waiting).toMatchObject(expected);
      expect(await firstValueFrom(client.status)).toBe('closed');
    });

    it('rejects where something else than a Heartwire server answers', async () => {
      const pages = createServer();
      await new Promise<void>((listening) => pages.listen(0, '127.0.0.1', listening));
      const { port } = pages.address() as AddressInfo;
      const client = stage.client(`tcp://127.0.0.1:${String(port)}`, { strict: true });
      const expected = { code: 'HANDSHAKE_FAILED', sent: 'never', retryable: true };
      const waiting = errorOf(client.send('time left', 'it'));
      await expect(client.connect()).rejects.toMatchObject({
        ...expected,
        cause: { code: 'PROTOCOL_ERROR' },
      });
      expect(await waiting).toMatchObject(expected);
      pages.closeAllConnections();
      await new Promise((closed) => pages.close(closed));
    });

    it('can be tried again', async () => {
      const url = await freeUrl();
      const client = stage.client(url, { strict: true });
      await expect(client.connect()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
      await expect(client.connect()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
      await serve(url);
      await client.connect();
      expect(await call(client)).toBeGreaterThan(0);
    });

    it('goes on trying once it has been connected', async () => {
      const { app, url } = await serve();
      const client = stage.client(url, { strict: true, reconnect: AT_ONCE });
      await client.connect();
      await app.close();
      await becomes(client, 'reconnecting');
      await serve(url);
      expect(await call(client)).toBeGreaterThan(0);
    });
  });

  describe('with reconnect.maxAttempts', () => {
    it.each([1, 3])(
      'gives up after %d attempts that failed in a row, and fails the calls that wait',
      async (maxAttempts) => {
        const client = stage.client(await freeUrl(), { reconnect: { ...AT_ONCE, maxAttempts } });
        let failures = 0;
        client.on('error', () => (failures += 1));
        const waiting = errorOf(client.send('time left', 'it', { timeoutMs: 10_000 }));
        expect(await waiting).toMatchObject({ code: 'CONNECT_FAILED', sent: 'never', retryable: true });
        expect(failures).toBe(maxAttempts);
        expect(await firstValueFrom(client.status)).toBe('closed');
        expect(await errorOf(client.send('time left', 'it'))).toMatchObject({
          code: 'CLOSED',
          sent: 'never',
          cause: { code: 'CONNECT_FAILED' },
        });
      },
    );

    it('of 0 it does not come back once its connection is lost', async () => {
      const { server, url } = await serve();
      const client = stage.client(url, { reconnect: { maxAttempts: 0 } });
      await client.connect();
      const next = firstValueFrom(client.status.pipe(filter((status) => status !== 'connected')));
      const noticed = firstValueFrom(server.connections$.pipe(filter(({ type }) => type === 'suspended')));
      client.unwrap<Socket>().destroy();
      expect(await next).toBe('closed');
      await noticed;
      expect(server.connections.some(({ isConnected }) => isConnected)).toBe(false);
    });
  });

  it('after close() opens the client again', async () => {
    const { url } = await serve();
    const client = stage.client(url);
    const first = client.connect();
    await first;
    await client.close();
    expect(await errorOf(client.send('time left', 'it'))).toMatchObject({
      code: 'CLOSED',
      sent: 'never',
      retryable: false,
    });
    const second = client.connect();
    expect(second).not.toBe(first);
    await second;
    expect(await call(client)).toBeGreaterThan(0);
  });

  it.each([
    ['resolves', false],
    ['with strict rejects', true],
  ])('%s when the client is closed meanwhile', async (_, strict) => {
    const { server, url } = await serve();
    const client = stage.client(url, { strict });
    const connecting = client.connect();
    const closing = client.close();
    if (strict) await expect(connecting).rejects.toMatchObject({ code: 'CLOSED' });
    else expect(await connecting).toBeUndefined();
    await closing;
    expect(await firstValueFrom(client.status)).toBe('closed');
    expect(server.connections).toEqual([]);
  });
});
