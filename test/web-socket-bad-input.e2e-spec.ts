import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServerOptions } from 'heartwire';
import { filter, firstValueFrom } from 'rxjs';

import {
  BINARY,
  CONTINUATION,
  PING,
  PONG,
  RawWebSocket,
  TEXT,
  webSocketFrame,
} from './support/raw-web-socket.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

type Options = Omit<HeartwireServerOptions, 'url' | 'urls'>;

const RARELY = { intervalMs: 60_000, timeoutMs: 60_000 };
const echo = (id: number, data: unknown): string => JSON.stringify({ id, pattern: 'echo', data });

let target: Target;
const peers: RawWebSocket[] = [];

const stranger = async (options: Options = {}): Promise<RawWebSocket> => {
  target = await Target.open({ heartbeat: RARELY, ...options }, 'ws://127.0.0.1:0/heartwire');
  const peer = await RawWebSocket.connect(target.url);
  peers.push(peer);
  await peer.received({ type: 'welcome' });
  return peer;
};

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await target.close();
});

describe('over a WebSocket', () => {
  it('a message in many fragments, with pings between them, comes whole, cut however', async () => {
    const peer = await stranger();
    const text = Buffer.from(echo(1, 'é'.repeat(100)));
    const pieces = Array.from({ length: 10 }, (_, n) => {
      const piece = text.subarray(n * 25, n === 9 ? undefined : (n + 1) * 25);
      return webSocketFrame(piece, { opcode: n === 0 ? TEXT : CONTINUATION, isFinal: n === 9 });
    });
    const ping = webSocketFrame('', { opcode: PING });
    const bytes = Buffer.concat(pieces.flatMap((piece) => [piece, ping]));
    for (let at = 0; at < bytes.length; at += 7) peer.write(bytes.subarray(at, at + 7));
    expect(await peer.received({ id: 1 })).toMatchObject({ response: 'é'.repeat(100) });
    await until('the pings are answered', () => peer.opcodes.includes(PONG));
  });

  it('a message that a reset cuts off is not waited for any longer', async () => {
    const peer = await stranger({ limits: { frameTimeoutMs: 600_000 } });
    const begun = webSocketFrame('{"id":2,', { declaredBytes: 100 });
    peer.write(Buffer.concat([webSocketFrame(echo(1, 'before')), begun]));
    await peer.received({ id: 1 });
    const closed = firstValueFrom(target.server.connections$.pipe(filter(({ type }) => type === 'closed')));
    peer.socket.resetAndDestroy();
    const details = { errno: 'ECONNRESET' };
    expect(await closed).toMatchObject({ reason: { code: 'CONNECTION_LOST', details } });
    await target.isLeftAlone();
    // Closing fails where a timer is left.
    expect(target.warnings).toEqual([]);
  });

  it('a binary envelope carries bytes, and an empty message nothing', async () => {
    const peer = await stranger();
    const header = Buffer.from('{"id":1,"pattern":"countdown"}');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(header.length);
    peer.write(webSocketFrame(''));
    peer.write(webSocketFrame('', { opcode: BINARY }));
    peer.write(webSocketFrame(Buffer.concat([length, header]), { opcode: BINARY }));
    peer.send({ id: 2, pattern: 'echo', data: 2 });
    expect(await peer.received({ id: 2 })).toMatchObject({ response: 2 });
    expect(target.warnings).toEqual([]);
  });

  describe.each<[what: string, code: string, closeCode: number, bytes: () => Buffer]>([
    ['no JSON', 'PROTOCOL_ERROR', 1_000, () => webSocketFrame('{"id":1')],
    ['an unknown type', 'PROTOCOL_ERROR', 1_000, () => webSocketFrame('{"type":"hullo"}')],
    ['a message that is no object', 'PROTOCOL_ERROR', 1_000, () => webSocketFrame('[1]')],
    ['invalid UTF-8', 'PROTOCOL_ERROR', 1_002, () => webSocketFrame(Buffer.from([0x22, 0xc3, 0x28, 0x22]))],
    [
      'an envelope whose header doesn’t fit',
      'PROTOCOL_ERROR',
      1_000,
      () => webSocketFrame(Buffer.from([0, 0, 1, 0, 0x7b]), { opcode: BINARY }),
    ],
    [
      'a message that is too large, by its header alone',
      'FRAME_TOO_LARGE',
      1_009,
      () => webSocketFrame('', { declaredBytes: 2_000 }),
    ],
    [
      'a message of 2 ** 62 bytes',
      'FRAME_TOO_LARGE',
      1_009,
      () => webSocketFrame('', { declaredBytes: 2 ** 62 }),
    ],
    [
      'a message that is too large in fragments',
      'FRAME_TOO_LARGE',
      1_009,
      () =>
        Buffer.concat([
          webSocketFrame('x'.repeat(600), { isFinal: false }),
          webSocketFrame('x'.repeat(600), { opcode: CONTINUATION }),
        ]),
    ],
  ])('%s', (_what, code, closeCode, bytes) => {
    it(`is answered with ${code}, and closed; what came before it is served`, async () => {
      const peer = await stranger({ limits: { maxFrameBytes: 1_024 } });
      peer.write(Buffer.concat([webSocketFrame(echo(7, 'before')), bytes()]));
      await peer.closed();
      expect(target.controller.heard).toEqual(['before']);
      expect(await target.refusal(peer)).toMatchObject({ type: 'error', code });
      expect(peer.closeCode).toBe(closeCode);
    });
  });

  it.each<[what: string, bytes: () => Buffer]>([
    ['a frame without a mask', () => webSocketFrame('{}', { isMasked: false })],
    ['an opcode that there is not', () => webSocketFrame('{}', { opcode: 3 })],
    ['a continuation of nothing', () => webSocketFrame('{}', { opcode: CONTINUATION })],
    ['a ping in fragments', () => webSocketFrame('', { opcode: PING, isFinal: false })],
  ])('%s breaks the framing: closed with 1002, and one line in the log', async (_what, bytes) => {
    const peer = await stranger();
    peer.write(bytes());
    await peer.closed();
    await target.isLeftAlone();
    expect(peer.closeCode).toBe(1_002);
    expect(target.warnings).toEqual([
      expect.stringMatching(
        /^Closing the connection of ws:\S+: PROTOCOL_ERROR, the WebSocket framing is broken/,
      ),
    ]);
  });

  it('a message that trickles is closed after its time, whatever pings come between', async () => {
    const peer = await stranger({ limits: { frameTimeoutMs: 300 } });
    peer.write(webSocketFrame('{"id"', { isFinal: false }));
    const beat = setInterval(() => {
      peer.write(webSocketFrame('', { opcode: PING }));
      peer.write(webSocketFrame(' ', { opcode: CONTINUATION, isFinal: false }));
    }, 20);
    try {
      await peer.closed();
    } finally {
      clearInterval(beat);
    }
    expect(await target.refusal(peer)).toMatchObject({ code: 'PROTOCOL_ERROR' });
  });

  it('the bytes of an unfinished message are signs of life', async () => {
    const heartbeat = { intervalMs: 100, timeoutMs: 200 };
    const peer = await stranger({ heartbeat });
    const bytes = [...webSocketFrame(echo(1, 'x'.repeat(60)))];
    // Slowly on purpose: all of them take longer than a heartbeat may.
    const trickle = setInterval(() => {
      peer.write(Buffer.from(bytes.splice(0, 1)));
    }, 10);
    try {
      expect(await peer.received({ id: 1 })).toMatchObject({ response: 'x'.repeat(60) });
    } finally {
      clearInterval(trickle);
    }
  });

  it('one that is silent is dead after its time', async () => {
    const peer = await stranger({ heartbeat: { intervalMs: 100, timeoutMs: 200 } });
    peer.send({ id: 1, pattern: 'echo', data: 1 });
    await peer.closed();
    expect(peer.messages.some(({ type }) => type === 'ping')).toBe(true);
    await target.isLeftAlone();
  });

  it('one that asks and doesn’t read is closed at limits.sendBufferBytes, and no one else', async () => {
    const peer = await stranger({ limits: { maxFrameBytes: 131_072, sendBufferBytes: 1_048_576 } });
    peer.socket.pause();
    peer.send(...Array.from({ length: 1_000 }, (_, id) => ({ id, pattern: 'large', data: 0 })));
    await target.isLeftAlone();
    expect(target.warnings.join()).toContain('SLOW_CONSUMER');
  });

  it('a flood of pings by one that doesn’t read piles up no pongs', async () => {
    const peer = await stranger();
    peer.socket.pause();
    const ping = webSocketFrame('x'.repeat(125), { opcode: PING });
    const many = Buffer.concat(Array.from({ length: 500 }, () => ping));
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 400; count += 1) {
      if (peer.write(many)) continue;
      await new Promise((resolve) => peer.socket.once('drain', resolve));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_024 ** 2);
    await target.isAnswered();
  });

  it('limits.messagesPerSecond slows down who sends more, and all of it is served', async () => {
    const perSecond = 2_000;
    const peer = await stranger({
      limits: { messagesPerSecond: perSecond, runningCallsPerConnection: 5_000 },
    });
    const count = 2.5 * perSecond;
    const startedAt = performance.now();
    peer.send(...Array.from({ length: count }, (_, id) => ({ id, pattern: 'echo', data: id })));
    await until('all are answered', () => peer.messages.length > count);
    expect(performance.now() - startedAt).toBeGreaterThan(500);
    const answers = peer.messages.filter(({ id, response }) => id !== undefined && id === response);
    expect(answers).toHaveLength(count);
    expect(target.warnings).toEqual([]);
  });
});
