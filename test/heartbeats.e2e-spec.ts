import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionSnapshot, HeartwireClient, HeartwireClientOptions, HeartwireServer } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { CallsController } from './support/calls.controller.js';
import type { RawMessage } from './support/raw-end.js';
import { RawPeer } from './support/raw-peer.js';
import { RawServer } from './support/raw-server.js';
import { type Served, Stage } from './support/stage.js';
import { until } from './support/until.js';

const OFTEN = { intervalMs: 100, timeoutMs: 400 };
/** As often, for ends that must not be taken for dead, or not at once. */
const PATIENT = { intervalMs: 100, timeoutMs: 2_000 };
/** So that nothing is asked while a test runs. */
const RARELY = { intervalMs: 60_000, timeoutMs: 60_000 };
/** Often enough that no interval passes in silence. */
const CHATTER_EVERY_MS = 20;

const stage = new Stage();
const serve = (server: Parameters<Stage['serve']>[1] = {}): Promise<Served> =>
  stage.serve({ controllers: [CallsController] }, server);

afterEach(() => stage.clear());

async function stranger(url: string): Promise<RawPeer> {
  const peer = stage.track(await RawPeer.connect(url));
  await peer.received({ type: 'welcome' });
  return peer;
}

const pings = ({ messages }: RawPeer): readonly RawMessage[] =>
  messages.filter(({ type }) => type === 'ping');

const only = (server: HeartwireServer): ConnectionSnapshot | undefined => server.connections[0];

/** Has an end say something again and again, as long as it is there. */
function chatter(peer: RawPeer, message: object): void {
  const timer = setInterval(() => {
    if (!peer.isClosed) peer.send(message);
  }, CHATTER_EVERY_MS);
  stage.track({
    close: () => {
      clearInterval(timer);
    },
  });
}

describe('heartbeats', () => {
  it('are started by the server, with a welcome that tells the interval', async () => {
    const { server, url } = await serve({ server: { heartbeat: PATIENT } });
    const peer = await stranger(url);
    expect(peer.messages[0]).toMatchObject({
      type: 'welcome',
      heartbeatInterval: PATIENT.intervalMs,
      heartbeatTimeout: PATIENT.timeoutMs,
    });
    peer.answerPings();
    await until('the server has asked three times, and was answered', () => {
      const { heartbeats = 0, roundTripMs } = only(server)?.liveness ?? {};
      return pings(peer).length >= 3 && heartbeats >= 3 && roundTripMs !== undefined;
    });
  });

  it('are started by the client: a simple peer that pings gets pongs', async () => {
    const { url } = await serve({ server: { heartbeat: RARELY, limits: { handshakeTimeoutMs: 60_000 } } });
    const peer = await stranger(url);
    for (const timestamp of [1, 2.5, 'three']) {
      peer.send({ type: 'ping', timestamp });
      expect(await peer.received({ type: 'pong', timestamp })).toEqual({ type: 'pong', timestamp });
    }
    // The server itself, whose interval is long, has asked nothing.
    expect(pings(peer)).toEqual([]);
  });

  it('are started by the client: a Heartwire client watches its server, too', async () => {
    const raw = stage.track(await RawServer.listen());
    const client = stage.client(raw.url, { heartbeat: OFTEN, reconnect: { maxAttempts: 0 } });
    const states: string[] = [];
    client.liveness$.subscribe(({ state }) => states.push(state));
    const connecting = client.connect();
    const peer = await raw.greeted(0);
    await connecting;
    await until('the client has pinged', () => pings(peer).length > 0);
    // It answers nothing.
    await peer.closed();
    await until('the client knows', () => states.at(-1) === 'dead');
    // Who was late itself asks again, and may come to suspect nothing before it knows.
    expect(states.join(' ')).toMatch(/^(alive )+(suspect )?dead$/);
  });
});

describe('heartbeat.countTraffic', () => {
  const countTraffic = false;

  it('by default has a server count any traffic as a sign of life', async () => {
    const { url } = await serve({ server: { heartbeat: OFTEN } });
    const peer = await stranger(url);
    chatter(peer, { pattern: 'nobody', data: 0 });
    await until('it has left eight pings unanswered', () => pings(peer).length >= 8);
    expect(peer.isClosed).toBe(false);
  });

  it('false has a server count only answers', async () => {
    const { server, url } = await serve({ server: { heartbeat: { ...PATIENT, countTraffic } } });
    const reasons: string[] = [];
    server.connections$.subscribe((event) => {
      if (event.type === 'closed') reasons.push(event.reason.code);
    });
    const chatting = await stranger(url);
    chatter(chatting, { pattern: 'nobody', data: 0 });
    const answering = await stranger(url);
    answering.answerPings();
    await chatting.closed();
    await until('its connection is closed', () => reasons.length > 0);
    expect(reasons).toEqual(['HEARTBEAT_TIMEOUT']);
    expect(answering.isClosed).toBe(false);
  });

  /** What a client meets that chats with it and never answers a ping. */
  async function unanswering(heartbeat: HeartwireClientOptions['heartbeat']): Promise<RawPeer> {
    const raw = stage.track(await RawServer.listen());
    const client = stage.client(raw.url, { heartbeat, reconnect: { maxAttempts: 0 } });
    const connecting = client.connect();
    const peer = await raw.greeted(0);
    await connecting;
    chatter(peer, { type: 'ack', received: 0 });
    return peer;
  }

  it('by default has a client count any traffic as a sign of life', async () => {
    const peer = await unanswering(OFTEN);
    await until('it has left eight pings unanswered', () => pings(peer).length >= 8);
    expect(peer.isClosed).toBe(false);
  });

  it('false has a client count only answers', async () => {
    const peer = await unanswering({ ...PATIENT, countTraffic });
    await peer.closed();
  });

  it('false leaves two ends alone that answer each other', async () => {
    const heartbeat = { ...PATIENT, countTraffic };
    const { server, url } = await serve({ server: { heartbeat } });
    const client: HeartwireClient = stage.client(url, { heartbeat });
    const states = new Set<string>();
    client.liveness$.subscribe(({ state }) => states.add(state));
    await client.connect();
    await until('eight heartbeats were answered', () => (only(server)?.liveness?.heartbeats ?? 0) >= 8);
    expect(states).not.toContain('dead');
    expect(await firstValueFrom(client.status)).toBe('connected');
  });
});
