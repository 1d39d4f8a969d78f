import type { Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type {
  ConnectionEvent,
  ConnectionStatus,
  HeartwireClient,
  HeartwireServer,
  HeartwireServerOptions,
} from 'heartwire';

import { CallsController } from './support/calls.controller.js';
import { type Deferred, deferred } from './support/deferred.js';
import { freeUrl } from './support/free-url.js';
import { errorOf } from './support/outcome.js';
import { type Served, Stage } from './support/stage.js';
import { until } from './support/until.js';

const FAST = { heartbeat: { intervalMs: 100, timeoutMs: 200 }, drainTimeoutMs: 500 };

const stage = new Stage();

function serve(options: Omit<HeartwireServerOptions, 'url' | 'urls'> = {}): Promise<Served> {
  return stage.serve({ controllers: [CallsController] }, { server: { ...FAST, ...options } });
}

afterEach(() => stage.clear());

describe('a client that is closed by who listens to it', () => {
  let server: HeartwireServer;
  let client: HeartwireClient;
  let statuses: ConnectionStatus[];
  /** Settles with the `close()` in the listener. */
  let closing: Deferred;

  /** In the listener under test. */
  const close = (): void => {
    void client.close().then(closing.resolve);
  };

  async function begin(options: Omit<HeartwireServerOptions, 'url' | 'urls'> = {}): Promise<void> {
    const served = await serve(options);
    ({ server } = served);
    listenTo(stage.client(served.url, FAST));
  }

  function listenTo(fresh: HeartwireClient): void {
    client = fresh;
    statuses = [];
    closing = deferred();
    client.status.subscribe((status) => statuses.push(status));
  }

  const cut = (): unknown => client.unwrap<Socket>().destroy();

  /** Nothing comes after `closed`; what would go on all the same is found by the stage's guard. */
  async function isClosedForGood(): Promise<void> {
    await closing.promise;
    await until('the server knows nobody any more', () => server.connections.length === 0);
    expect(statuses.at(-1)).toBe('closed');
    expect(statuses.filter((status) => status === 'closed')).toHaveLength(1);
    expect(await errorOf(client.send('echo', 'late'))).toMatchObject({ code: 'CLOSED', sent: 'never' });
  }

  it('stays closed: by a first look at its liveness', async () => {
    await begin({ resumeWindowMs: 0 });
    client.liveness$.subscribe(close);
    await client.connect();
    await isClosedForGood();
  });

  it.each(['connecting', 'connected', 'reconnecting'] as const)(
    'stays closed: by status %s',
    async (when) => {
      await begin({ resumeWindowMs: 0 });
      client.status.subscribe((status) => {
        if (status === when) close();
      });
      await client.connect();
      if (when === 'reconnecting') cut();
      await isClosedForGood();
    },
  );

  it('stays closed: by its event connect', async () => {
    await begin();
    client.on('connect', close);
    await client.connect();
    await isClosedForGood();
  });

  it('stays closed: by its event close', async () => {
    await begin({ resumeWindowMs: 0 });
    client.on('close', close);
    await client.connect();
    cut();
    await isClosedForGood();
  });

  it('stays closed: by the error of a call that was lost', async () => {
    await begin({ resumeWindowMs: 0 });
    await client.connect();
    client.send('silent', 'it', { timeoutMs: 60_000 }).subscribe({ error: close });
    await until('the call runs', () => server.connections[0]?.runningCalls === 1);
    cut();
    await isClosedForGood();
  });

  it('stays closed: by its event error', async () => {
    ({ server } = await serve());
    listenTo(stage.client(await freeUrl(), FAST));
    client.on('error', close);
    await client.connect();
    await isClosedForGood();
  });

  it('is closed once, when a call that waits is given up and closes it too', async () => {
    ({ server } = await serve());
    listenTo(stage.client(await freeUrl()));
    client.send('echo', 'early').subscribe({ error: close });
    const first = client.close();
    await first;
    expect(client.close()).toBe(first);
    await isClosedForGood();
  });
});

describe('a server that is closed by who listens to it', () => {
  it.each<ConnectionEvent['type']>(['opened', 'introduced', 'liveness', 'suspended', 'resumed', 'closed'])(
    'ends all: by the event %s',
    async (type) => {
      const { server, url } = await serve();
      const closing = deferred();
      const events: ConnectionEvent['type'][] = [];
      server.connections$.subscribe((event) => {
        events.push(event.type);
        if (event.type === type) void server.close().then(closing.resolve);
      });
      const client = stage.client(url, { ...FAST, callTimeoutMs: 500 });
      await client.connect();
      if (type === 'suspended' || type === 'resumed') client.unwrap<Socket>().destroy();
      if (type === 'closed') await client.close();
      await closing.promise;
      expect(server.connections).toEqual([]);
      const count = (which: ConnectionEvent['type']): number =>
        events.filter((each) => each === which).length;
      expect(count('closed')).toBe(count('opened'));
    },
  );
});
