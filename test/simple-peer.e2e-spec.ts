import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionSnapshot, HeartwireServerOptions } from 'heartwire';

import type { RawMessage } from './support/raw-end.js';
import { frame, type RawPeer } from './support/raw-peer.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

const OFTEN = { intervalMs: 100, timeoutMs: 400 };
const RARELY = { intervalMs: 60_000, timeoutMs: 60_000 };

let target: Target;
let peer: RawPeer;

async function meet(options?: Omit<HeartwireServerOptions, 'url' | 'urls'>): Promise<void> {
  target = await Target.open(options);
  peer = await target.stranger();
}

afterEach(async () => {
  await target.close();
});

/** How the server sees the peer: the one that gave no name and is not the bystander. */
const seen = (): ConnectionSnapshot | undefined => target.server.connections.at(-1);

const pings = (): number => peer.messages.filter(({ type }) => type === 'ping').length;

/** What it was told but for the pings, which come when they come. */
const said = (): readonly RawMessage[] => peer.messages.filter(({ type }) => type !== 'ping');

describe('a peer that never says hello', () => {
  afterEach(() => expect(target.warnings).toEqual([]));

  it('is told what the server expects, and need not answer', async () => {
    await meet();
    expect(await peer.received({ type: 'welcome' })).toEqual({
      type: 'welcome',
      protocol: 1,
      clientId: seen()?.clientId,
      heartbeatInterval: 5_000,
      heartbeatTimeout: 10_000,
      maxFrameBytes: 4_194_304,
      maxInFlight: 1_024,
      authentication: 'none',
    });
  });

  it('calls a handler, by number and by text', async () => {
    await meet();
    peer.send({ id: 1, pattern: 'echo', data: { tea: '☕' } }, { id: 'one', pattern: 'echo', data: null });
    expect(await peer.received({ id: 1 })).toEqual({ id: 1, response: { tea: '☕' }, isDisposed: true });
    expect(await peer.received({ id: 'one' })).toEqual({ id: 'one', response: null, isDisposed: true });
  });

  it('is told when there is no such handler', async () => {
    await meet();
    peer.send({ id: 1, pattern: 'nobody', data: 1 });
    expect(await peer.received({ id: 1 })).toEqual({
      id: 1,
      err: { code: 'NO_HANDLER', message: expect.any(String), retryable: false },
      isDisposed: true,
    });
  });

  it('gets a stream, item by item', async () => {
    await meet();
    peer.send({ id: 1, pattern: 'countdown', data: 3 });
    await peer.received({ id: 1, isDisposed: true });
    expect(said().slice(1)).toEqual([
      { id: 1, response: 3 },
      { id: 1, response: 2 },
      { id: 1, response: 1, isDisposed: true },
    ]);
  });

  it('tells an event, and is told when it was handled if it asks for that', async () => {
    await meet();
    peer.send({ pattern: 'told', data: 'first' }, { id: 1, event: true, pattern: 'told', data: 'second' });
    expect(await peer.received({ id: 1 })).toEqual({ id: 1, isDisposed: true });
    expect(target.controller.heard).toEqual(['first', 'second']);
    expect(said()).toHaveLength(2);
  });

  it('cancels a call: its handler is torn down, and nothing more is said of it', async () => {
    await meet();
    peer.send({ id: 1, pattern: 'endless', data: {} });
    await until('the call runs', () => seen()?.runningCalls === 1);
    peer.send({ type: 'cancel', id: 1 }, { id: 2, pattern: 'echo', data: 2 });
    await peer.received({ id: 2 });
    expect(target.controller.counts.tornDown).toBe(1);
    expect(seen()?.runningCalls).toBe(0);
    expect(peer.messages.some(({ id }) => id === 1)).toBe(false);
  });

  it('can give a deadline: the handler is torn down, and the peer told', async () => {
    await meet();
    peer.send({ id: 1, pattern: 'endless', data: {}, timeoutMs: 30 });
    expect(await peer.received({ id: 1 })).toMatchObject({ err: { code: 'DEADLINE_EXCEEDED' } });
    expect(target.controller.counts.tornDown).toBe(1);
  });

  it('gets a pong for its ping, with the timestamp unchanged', async () => {
    await meet();
    peer.send({ type: 'ping', timestamp: 1.5 }, { type: 'ping', timestamp: 'noon' });
    expect(await peer.received({ timestamp: 1.5 })).toEqual({ type: 'pong', timestamp: 1.5 });
    expect(await peer.received({ timestamp: 'noon' })).toEqual({ type: 'pong', timestamp: 'noon' });
  });

  it('is told how the server sees the connection', async () => {
    const before = Date.now();
    await meet({ heartbeat: RARELY });
    peer.send({ type: 'status' });
    const status = await peer.received({ type: 'status_response' });
    const after = Date.now();
    expect(status).toEqual({
      type: 'status_response',
      clientId: seen()?.clientId,
      connectTime: expect.any(Number),
      uptime: expect.any(Number),
      rtt: null,
      heartbeatCount: 0,
      missedHeartbeats: 0,
      lastHeartbeat: expect.any(Number),
      isAlive: true,
      bytesReceived: frame('{"type":"status"}').length,
      bytesSent: expect.any(Number),
    });
    // By another clock, which may differ a little.
    for (const moment of [status.connectTime, status.lastHeartbeat]) {
      expect(moment).toBeGreaterThan(before - 5_000);
      expect(moment).toBeLessThan(after + 5_000);
    }
    expect(status.bytesSent).toBeGreaterThan(0);
  });

  it.each(['pong', 'heartbeat'])('stays as long as it answers pings, with a %s', async (type) => {
    await meet({ heartbeat: OFTEN });
    let answered = 0;
    await until('ten answers have come', () => {
      const asked = peer.messages.filter((message) => message.type === 'ping');
      for (const { timestamp } of asked.slice(answered)) peer.send({ type, timestamp });
      answered = asked.length;
      const { heartbeats, state, roundTripMs, missed } = { heartbeats: 0, ...seen()?.liveness };
      return heartbeats >= 10 && state === 'alive' && roundTripMs !== undefined && missed === 0;
    });
    expect(peer.isClosed).toBe(false);
  });

  it('stays as long as it sends empty frames, though it answers no ping', async () => {
    await meet({ heartbeat: OFTEN });
    const beat = setInterval(() => peer.write(frame('')), 20);
    try {
      await until('ten pings went by', () => pings() >= 10);
    } finally {
      clearInterval(beat);
    }
    expect(peer.isClosed).toBe(false);
  });

  it('that has finished sending still gets what it is owed', async () => {
    await meet({ drainTimeoutMs: 5_000 });
    peer.send({ id: 1, pattern: 'countdown', data: 2 });
    peer.socket.end();
    await peer.closed();
    await target.isLeftAlone();
    expect(peer.messages.filter(({ id }) => id === 1)).toEqual([
      { id: 1, response: 2 },
      { id: 1, response: 1, isDisposed: true },
    ]);
  });
});

describe('a silent peer', () => {
  it('that never answers a ping is dropped as dead, and what it called is torn down', async () => {
    await meet({ heartbeat: OFTEN });
    peer.send({ id: 1, pattern: 'endless', data: {} });
    await peer.closed();
    await target.isLeftAlone();
    expect(pings()).toBeGreaterThan(1);
    expect(target.controller.counts).toMatchObject({ endless: 1, tornDown: 1 });
    expect(target.warnings).toEqual([expect.stringContaining('HEARTBEAT_TIMEOUT')]);
    expect(peer.messages.some(({ type }) => type === 'error')).toBe(false);
  });
});
