import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServerOptions } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { messageFrame, RawPeer } from './support/raw-peer.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

// Each limit is tried in both directions: who takes too much is stopped, and a client beside it, the
// bystander, is served all the while without one lost connection.

const RARELY = { intervalMs: 60_000, timeoutMs: 60_000 };

let target: Target;
const peers: RawPeer[] = [];

const open = async (options: Omit<HeartwireServerOptions, 'url' | 'urls'>): Promise<void> => {
  target = await Target.open({ heartbeat: RARELY, ...options });
};

/** Connects without waiting for more. */
const knock = async (): Promise<RawPeer> => {
  const peer = await RawPeer.connect(target.url);
  peers.push(peer);
  return peer;
};

const isServed = async (peer: RawPeer, id: number): Promise<void> => {
  peer.send({ id, pattern: 'echo', data: id });
  expect(await peer.received({ id })).toMatchObject({ response: id });
};

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await target.close();
});

describe.each([
  ['connections', 'limits.connections is 3'],
  ['connectionsPerAddress', 'limits.connectionsPerAddress is 3'],
])('beyond limits.%s', (limit, named) => {
  it('who comes is closed at once, until somebody leaves; those who are there are served on', async () => {
    await open({ limits: { [limit]: 3, handshakeTimeoutMs: 60_000 } });
    const first = await target.stranger();
    const second = await target.stranger();
    for (let count = 0; count < 20; count++) {
      const turnedAway = await knock();
      await turnedAway.closed();
      expect(turnedAway.messages).toEqual([]);
    }
    await isServed(first, 1);
    await isServed(second, 2);
    expect(target.server.connections).toHaveLength(3);
    // Many were turned away, and the log has one line on it.
    expect(target.warnings).toEqual([`Turning away 127.0.0.1, and who else comes: ${named}`]);
    first.close();
    await until('there is room', () => target.server.connections.length === 2);
    await until('one more is let in', async () => {
      const another = await knock();
      await until('it is let in or not', () => another.isClosed || another.messages.length > 0);
      return !another.isClosed;
    });
    await isServed(second, 3);
  });
});

describe('who says nothing', () => {
  it('is told so, and closed, after handshakeTimeoutMs; who spoke in time stays', async () => {
    await open({ limits: { handshakeTimeoutMs: 200 } });
    const spoke = await target.stranger();
    spoke.send({ type: 'status' });
    await spoke.received({ type: 'status_response' });
    const silent = await target.stranger();
    await silent.closed();
    expect(silent.messages).toMatchObject([
      { type: 'welcome' },
      { type: 'ping' },
      { type: 'error', code: 'HANDSHAKE_FAILED', message: 'nothing was said within 200 ms' },
    ]);
    await isServed(spoke, 1);
    expect(target.warnings).toEqual([
      expect.stringMatching(/^Closing the connection of tcp:\/\/127\.0\.0\.1:\d+: HANDSHAKE_FAILED, nothing/),
    ]);
  });

  it('and answers a ping may be silent from then on', async () => {
    await open({ limits: { handshakeTimeoutMs: 200 } });
    const simple = await target.stranger();
    simple.answerPings();
    const mute = await target.stranger();
    await mute.closed();
    const later = await target.stranger();
    await later.closed();
    await isServed(simple, 1);
  });

  it('says nothing with empty frames either', async () => {
    await open({ limits: { handshakeTimeoutMs: 200 } });
    const peer = await target.stranger();
    const beat = setInterval(() => peer.isClosed || peer.write(Buffer.alloc(4)), 20);
    try {
      await peer.closed();
    } finally {
      clearInterval(beat);
    }
    expect(peer.messages.at(-1)).toMatchObject({ code: 'HANDSHAKE_FAILED' });
  });

  it('is closed for the next one where limits.handshakes are silent, and never who speaks', async () => {
    await open({ limits: { handshakes: 5, handshakeTimeoutMs: 60_000 } });
    const spoke = await target.stranger();
    await isServed(spoke, 1);
    const silent: RawPeer[] = [];
    while (silent.length < 20) silent.push(await knock());
    await until('all but five are closed', () => silent.filter((peer) => peer.isClosed).length === 15);
    // The last came last: their turn to speak is not over.
    expect(silent.slice(-5).some((peer) => peer.isClosed)).toBe(false);
    const honest = await knock();
    await isServed(honest, 2);
    await isServed(spoke, 3);
    for (const peer of silent.slice(-4)) peer.close();
    await until('they are gone', () => target.server.connections.length <= 4);
    expect(honest.isClosed).toBe(false);
  });

  it('takes no place of those who have spoken', async () => {
    await open({ limits: { handshakes: 1, handshakeTimeoutMs: 60_000 } });
    const clients = [1, 2, 3].map(() => target.client());
    for (const client of clients) expect(await firstValueFrom(client.send('pulse', {}))).toBe('beat');
    const silent = await target.stranger();
    for (const client of clients) expect(await firstValueFrom(client.send('pulse', {}))).toBe('beat');
    expect(silent.isClosed).toBe(false);
  });
});

describe.each<[string, Buffer]>([
  ['say nothing', Buffer.alloc(0)],
  ['stop inside the header of their first frame', Buffer.from([0, 0])],
  ['stop inside a frame of 4 MiB', Buffer.concat([Buffer.from([0, 0x40, 0, 0]), Buffer.alloc(2_000, 0x20)])],
  [
    'spoke, and stop inside a frame',
    Buffer.concat([messageFrame({ type: 'status' }), Buffer.from([0, 0, 1, 0, 0x7b])]),
  ],
])('200 connections that %s', (_what, bytes) => {
  it('are all gone by their deadlines, hold what they sent, and disturb nobody', async () => {
    const MIB = 1_024 ** 2;
    await open({
      heartbeat: { intervalMs: 1_000, timeoutMs: 1_000 },
      limits: { handshakeTimeoutMs: 1_500, frameTimeoutMs: 1_500 },
    });
    const before = process.memoryUsage();
    const slow: RawPeer[] = [];
    while (slow.length < 200) {
      const peer = await knock();
      peer.write(bytes);
      slow.push(peer);
    }
    await target.isAnswered();
    const held = process.memoryUsage();
    expect(held.arrayBuffers - before.arrayBuffers).toBeLessThan(200 * 65_536 + 16 * MIB);
    await until('all are gone', () => slow.every((peer) => peer.isClosed));
    await target.isLeftAlone();
    await target.isAnswered();
  });
});
