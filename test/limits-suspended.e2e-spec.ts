import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServer } from 'heartwire';

import { errorOf } from './support/outcome.js';
import { RawPeer } from './support/raw-peer.js';
import { type Served, Stage } from './support/stage.js';
import { TargetController } from './support/target.controller.js';
import { until } from './support/until.js';

const KIB = 1_024;
/** The answer of `large`. */
const LARGE_BYTES = 64 * KIB;
/** So many of its events run; more wait. */
const EVENTS_AT_ONCE = 10;

interface Session {
  readonly session: unknown;
  readonly secret: unknown;
}

describe('sessions that their clients leave behind', () => {
  const stage = new Stage();
  let server: HeartwireServer;
  let url: string;
  let app: Served['app'];

  beforeEach(async () => {
    const limits = { suspendedBytes: 1_000 * KIB, runningCallsPerConnection: EVENTS_AT_ONCE };
    const options = { limits, resumeWindowMs: 300_000, drainTimeoutMs: 300_000 };
    ({ app, server, url } = await stage.serve({ controllers: [TargetController] }, { server: options }));
  });

  afterEach(async () => {
    app.get(TargetController).eventsEnd$.complete();
    await stage.clear();
  });

  const hello = async (resume?: Session & { readonly received: number }): Promise<[RawPeer, Session]> => {
    const peer = stage.track(await RawPeer.connect(url));
    peer.send({ type: 'hello', protocol: 1, resume });
    const { session, secret } = await peer.received({ type: 'ready' });
    return [peer, { session, secret }];
  };

  /** It gets so many answers, acknowledges none, and is gone. */
  const leaveBehind = async (answers: number): Promise<Session> => {
    const [peer, session] = await hello();
    for (let id = 1; id <= answers; id++) peer.send({ id, pattern: 'large', data: {} });
    await peer.received({ id: answers });
    peer.close();
    await until('it has no connection', () => server.connections.every(({ isConnected }) => !isConnected));
    return session;
  };

  it('keep no more than their bound together: those that keep most end, and nobody else', async () => {
    const modest = await leaveBehind(1);
    for (let n = 0; n < 10; n++) await leaveBehind(8);
    await until('most have ended', () => {
      const kept = (server.connections.length - 1) * 8 * LARGE_BYTES;
      return kept <= 1_000 * KIB;
    });
    const [peer] = await hello({ ...modest, received: 0 });
    expect(await peer.received({ type: 'ready' })).toMatchObject({ resumed: true });
    // What it had not received.
    expect(await peer.received({ id: 1 })).toMatchObject({ response: 'x'.repeat(LARGE_BYTES) });
  });

  it.each([
    ['loses its connection', (peer: RawPeer) => peer],
    ['says that it leaves', (peer: RawPeer) => peer.send({ type: 'goaway', reason: 'leaving', graceMs: 0 })],
  ])('count with the events that wait in them, when their client %s', async (_, leave) => {
    const eventsOf = async (bytesEach: number): Promise<void> => {
      const [peer] = await hello();
      const { length } = server.connections;
      for (let n = 0; n < EVENTS_AT_ONCE; n++) peer.send({ pattern: 'endless event', data: {} });
      for (let n = 0; n < 8; n++) peer.send({ pattern: 'told', data: 'x'.repeat(bytesEach) });
      // What came before it is here.
      peer.send({ id: 1, pattern: 'echo', data: 'here' });
      await peer.received({ id: 1 });
      leave(peer);
      peer.close();
      const connected = (): number => server.connections.filter(({ isConnected }) => isConnected).length;
      await until('it has no connection', () => server.connections.length < length || connected() === 0);
    };
    await eventsOf(100);
    for (let n = 0; n < 10; n++) await eventsOf(LARGE_BYTES);
    // The modest one is among those that stay.
    await until('most have ended', () => server.connections.length <= 2);
    expect(server.connections).not.toEqual([]);
  });

  it('count with the calls that the server makes to their clients meanwhile', async () => {
    const modest = await leaveBehind(1);
    const [greedy, other] = [await leaveBehind(2), await leaveBehind(2)];
    const [, clientId = ''] = server.connections.map((connection) => connection.clientId);
    const errors = Array.from({ length: 8 }, () =>
      errorOf(
        server.hub.client(clientId).send('confirm', 'x'.repeat(2 * LARGE_BYTES), { timeoutMs: 300_000 }),
      ),
    );
    await until('the one that keeps most has ended', () => server.connections.length === 2);
    for (const error of await Promise.all(errors))
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', sent: 'never' });
    const resumed = async (session: Session): Promise<unknown> => {
      const [peer] = await hello({ ...session, received: 0 });
      return (await peer.received({ type: 'ready' })).resumed;
    };
    expect([await resumed(modest), await resumed(greedy), await resumed(other)]).toEqual([true, false, true]);
  });

  it('are all kept as long as that is little', async () => {
    const all: Session[] = [];
    for (let n = 0; n < 10; n++) all.push(await leaveBehind(1));
    for (const each of all) {
      const [peer] = await hello({ ...each, received: 0 });
      expect(await peer.received({ type: 'ready' })).toMatchObject({ resumed: true });
    }
  });
});
