import { inspect } from 'node:util';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServer, HeartwireServerOptions } from 'heartwire';

import { HeldController } from './support/held.controller.js';
import { errorOf } from './support/outcome.js';
import type { RawMessage } from './support/raw-end.js';
import { RawPeer } from './support/raw-peer.js';
import { READY, RawServer } from './support/raw-server.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const HELLO = { type: 'hello', protocol: 1 };

describe('whoever asks for a session', () => {
  const stage = new Stage();
  const peers: RawPeer[] = [];
  let server: HeartwireServer;
  let controller: HeldController;
  let url: string;

  const serve = async (options: Omit<HeartwireServerOptions, 'url' | 'urls'> = {}): Promise<void> => {
    const served = await stage.serve({ controllers: [HeldController] }, { server: options });
    ({ server, url } = served);
    controller = served.app.get(HeldController);
  };

  const connect = async (): Promise<RawPeer> => {
    const peer = await RawPeer.connect(url);
    peers.push(peer);
    return peer;
  };

  /** A peer with a session of its own. */
  const greeted = async (): Promise<{ peer: RawPeer; ready: RawMessage }> => {
    const peer = await connect();
    peer.send(HELLO);
    return { peer, ready: await peer.received({ type: 'ready' }) };
  };

  const resume = async ({ session, secret }: RawMessage, received = 0): Promise<RawMessage> => {
    const peer = await connect();
    peer.send({ ...HELLO, resume: { session, secret, received } });
    return peer.received({ type: 'ready' });
  };

  const leave = async (peer: RawPeer): Promise<void> => {
    const links = server.connections.filter(({ isConnected }) => isConnected).length;
    peer.close();
    await until('the server notices', () => {
      return server.connections.filter(({ isConnected }) => isConnected).length < links;
    });
  };

  afterEach(async () => {
    controller.gate.resolve();
    for (const peer of peers.splice(0)) peer.close();
    await stage.clear();
  });

  it('with its secret goes on with it', async () => {
    await serve();
    const { peer, ready } = await greeted();
    await leave(peer);
    expect(await resume(ready)).toMatchObject({ resumed: true, session: ready.session });
  });

  it('with a wrong secret gets a new one, and the old one is unharmed', async () => {
    await serve();
    const { peer, ready } = await greeted();
    peer.send({ id: 1, pattern: 'held', data: 'work' });
    await controller.started('work');
    const other = await resume({ ...ready, secret: 'f'.repeat(32) });
    expect(other).toMatchObject({ resumed: false });
    expect(other.session).not.toBe(ready.session);
    controller.gate.resolve();
    expect(await peer.received({ id: 1 })).toMatchObject({ response: 'work is done' });
    await leave(peer);
    expect(await resume(ready, 1)).toMatchObject({ resumed: true });
  });

  it('may find it gone when too many wait: the one that waited longest goes first', async () => {
    await serve({ limits: { suspendedSessions: 2 } });
    const all = [await greeted(), await greeted(), await greeted()];
    for (const { peer } of all) await leave(peer);
    expect(server.connections).toHaveLength(2);
    const resumed: unknown[] = [];
    for (const { ready } of all) resumed.push((await resume(ready)).resumed);
    expect(resumed).toEqual([false, true, true]);
  });

  it('finds none when none may wait', async () => {
    await serve({ limits: { suspendedSessions: 0 } });
    const { peer, ready } = await greeted();
    await leave(peer);
    expect(server.connections).toEqual([]);
    expect(await resume(ready)).toMatchObject({ resumed: false });
  });

  it('never finds its secret in the log of the server, nor in what it tells of its connections', async () => {
    await serve();
    const { peer, ready } = await greeted();
    const told: unknown[] = [];
    server.connections$.subscribe((event) => told.push({ ...event, connection: event.connection.snapshot }));
    await leave(peer);
    const secrets = [
      ready.secret,
      (await resume(ready)).secret,
      (await resume({ ...ready, secret: 'e'.repeat(32) })).secret,
    ];
    const liar = await connect();
    liar.send({ ...HELLO, resume: { session: ready.session, secret: ready.secret, received: 'many' } });
    await liar.closed();
    const everything = [stage.logger.lines, told, server.connections]
      .map((part) => inspect(part, { depth: 9 }))
      .join();
    for (const secret of secrets) expect(everything).not.toContain(secret);
    expect(stage.logger.texts('warn')).toHaveLength(1);
  });
});

describe('a client', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  it('never tells its secret: not in its log, not in its errors', async () => {
    const raw = stage.track(await RawServer.listen());
    const client = stage.client(raw.url, {
      reconnect: { firstMaxMs: 5, baseMs: 5, growthMs: 1, maxMs: 1 },
    });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    const failed = errorOf(client.send('held', 'work', { timeoutMs: 30_000 }));
    const peer = await raw.greeted(0);
    const { secret } = READY;
    await peer.received({ pattern: 'held' });
    peer.close();
    const next = await raw.peer(1);
    expect(await next.received({ type: 'hello' })).toMatchObject({ resume: { secret } });
    next.send({ type: 'ready', session: 'c-1', secret, resumed: 'perhaps' });
    await next.closed();
    await raw.greeted(2);
    errors.push(await failed);
    await client.close();
    expect(errors.at(-1)).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(stage.logger.lines.length).toBeGreaterThan(0);
    expect(inspect([errors, stage.logger.lines], { depth: 9 })).not.toContain(secret);
  });
});
