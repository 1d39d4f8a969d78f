import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServerOptions } from 'heartwire';

import { frame, header, messageFrame, type RawPeer } from './support/raw-peer.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;
const MAX_FRAME_BYTES = 4 * MIB;

let target: Target;

const open = async (options?: Omit<HeartwireServerOptions, 'url' | 'urls'>): Promise<void> => {
  target = await Target.open(options);
};

afterEach(() => target.close());

const echo = (data: unknown): object => ({ id: 1, pattern: 'echo', data });

/** Nobody is judged for what is not said yet: on a busy machine it takes a while. */
const PATIENT: Omit<HeartwireServerOptions, 'url' | 'urls'> = {
  heartbeat: { intervalMs: 60_000, timeoutMs: 60_000 },
  limits: { handshakeTimeoutMs: 60_000 },
};

describe('a frame that breaks the framing ends its own connection, with one line in the log:', () => {
  const envelope = (headerBytes: number, text: string): Buffer =>
    frame(Buffer.concat([header(headerBytes), Buffer.from(text)]), 2);

  it.each<[string, Buffer, string, string]>([
    [
      'a declared length over the limit',
      header(MAX_FRAME_BYTES + 1),
      'FRAME_TOO_LARGE',
      `a frame must be at most ${MAX_FRAME_BYTES} bytes: ${MAX_FRAME_BYTES + 1} are declared`,
    ],
    [
      'the longest length that the header has bits for',
      header(2 ** 30 - 1),
      'FRAME_TOO_LARGE',
      `a frame must be at most ${MAX_FRAME_BYTES} bytes: ${2 ** 30 - 1} are declared`,
    ],
    [
      'a binary frame over the limit',
      header(MAX_FRAME_BYTES + 1, 2),
      'FRAME_TOO_LARGE',
      `a frame must be at most ${MAX_FRAME_BYTES} bytes: ${MAX_FRAME_BYTES + 1} are declared`,
    ],
    [
      'the reserved bit',
      frame('{"type":"status"}', 1),
      'PROTOCOL_ERROR',
      "bit 30 of a frame's header is reserved and must be 0",
    ],
    [
      'invalid UTF-8',
      frame(Buffer.from('{"id":1,"pattern":"echo","data":"\xff"}', 'latin1')),
      'PROTOCOL_ERROR',
      'a JSON message must be valid UTF-8',
    ],
    [
      'half a character of UTF-8',
      frame(Buffer.from('"\u20ac"').subarray(0, 2)),
      'PROTOCOL_ERROR',
      'a JSON message must be valid UTF-8',
    ],
    [
      'an HTTP request',
      Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
      'PROTOCOL_ERROR',
      'HTTP is not spoken here',
    ],
    ['an envelope without a header', frame('{}', 2), 'PROTOCOL_ERROR', 'header'],
    [
      'an envelope that is shorter than its header',
      envelope(1_000, '{"id":1,"pattern":"echo"}'),
      'PROTOCOL_ERROR',
      'header',
    ],
    [
      'an envelope whose header is invalid UTF-8',
      frame(Buffer.concat([header(2), Buffer.from([0x22, 0xff])]), 2),
      'PROTOCOL_ERROR',
      "an envelope's header must be valid UTF-8",
    ],
    ['an envelope whose header is no JSON', envelope(5, '{"id"'), 'PROTOCOL_ERROR', 'a message must be JSON'],
    [
      'a byte order mark',
      frame('\ufeff{"id":1,"pattern":"echo","data":1}'),
      'PROTOCOL_ERROR',
      'a message must be JSON',
    ],
    [
      'an envelope whose header has a byte order mark',
      envelope(28, '\ufeff{"id":1,"pattern":"echo"}'),
      'PROTOCOL_ERROR',
      'a message must be JSON',
    ],
  ])('%s', async (_what, bytes, code, message) => {
    await open();
    const peer = await target.stranger();
    peer.write(bytes);
    expect(await target.refusal(peer)).toEqual({
      type: 'error',
      code,
      message: expect.stringContaining(message),
    });
    expect(target.controller.heard).toEqual([]);
  });
});

describe('room is taken for what has come, not for what is declared', () => {
  it('though a hundred connections declare the longest frame and send a little of it', async () => {
    await open(PATIENT);
    const before = process.memoryUsage();
    const peers: RawPeer[] = [];
    while (peers.length < 100) {
      const peer = await target.stranger();
      peer.write(Buffer.concat([header(MAX_FRAME_BYTES), Buffer.alloc(100)]));
      peers.push(peer);
    }
    const hasCome = (): boolean =>
      target.server.connections.filter(({ bytesReceived }) => bytesReceived === 104).length === 100;
    await until('all of it has come', hasCome);
    await target.isAnswered();
    const after = process.memoryUsage();
    // 400 MiB are declared. A read buffer of Node's own is 64 KiB.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(40 * MIB);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(80 * MIB);
    expect(target.warnings).toEqual([]);
    for (const peer of peers) peer.close();
    await target.isLeftAlone();
    expect(target.warnings).toEqual([]);
  });
});

describe('a connection that takes its time', () => {
  it('is served when each byte comes alone', async () => {
    await open(PATIENT);
    const peer = await target.stranger();
    const written: number[] = [];
    for (const byte of messageFrame(echo('tea ☕'))) {
      peer.write(Buffer.of(byte));
      written.push(byte);
      const { length } = written;
      await until('the byte has come', () =>
        target.server.connections.some(({ bytesReceived }) => bytesReceived === length),
      );
    }
    expect(await peer.received({ id: 1 })).toEqual({ id: 1, response: 'tea ☕', isDisposed: true });
    expect(target.warnings).toEqual([]);
  });

  it('is closed as dead when it sends nothing, not even a pong', async () => {
    await open({ ...PATIENT, heartbeat: { intervalMs: 150, timeoutMs: 300 } });
    const peer = await target.stranger();
    await peer.closed();
    await target.isLeftAlone();
    expect(peer.messages[0]).toMatchObject({ type: 'welcome' });
    expect(peer.messages.slice(1).map(({ type }) => type)).toEqual(expect.arrayContaining(['ping', 'ping']));
    expect(target.warnings).toEqual([
      expect.stringMatching(
        /^Lost the connection of tcp:\/\/127\.0\.0\.1:\d+: HEARTBEAT_TIMEOUT, nothing was heard/,
      ),
    ]);
  });

  it('is closed when it stops inside a frame', async () => {
    await open({ limits: { frameTimeoutMs: 150 } });
    const peer = await target.stranger();
    peer.write(messageFrame(echo('it')).subarray(0, -1));
    expect(await target.refusal(peer)).toEqual({
      type: 'error',
      code: 'PROTOCOL_ERROR',
      message: expect.stringMatching(/^a frame of \d+ bytes must be complete within 15\d ms$/),
    });
    expect(target.controller.heard).toEqual([]);
  });

  it('is closed when it stops inside the header of a frame', async () => {
    await open({ limits: { frameTimeoutMs: 150 } });
    const peer = await target.stranger();
    peer.write(messageFrame(echo('it')).subarray(0, 3));
    expect(await target.refusal(peer)).toMatchObject({ type: 'error', code: 'PROTOCOL_ERROR' });
  });

  it('is closed when it trickles, though each byte is a sign of life', async () => {
    await open({ limits: { frameTimeoutMs: 300 }, heartbeat: { intervalMs: 150, timeoutMs: 300 } });
    const peer = await target.stranger();
    peer.write(header(10_000));
    const trickle = setInterval(() => peer.isClosed || peer.write(Buffer.of(0x20)), 10);
    try {
      expect(await target.refusal(peer)).toMatchObject({ type: 'error', code: 'PROTOCOL_ERROR' });
    } finally {
      clearInterval(trickle);
    }
  });

  it('that ends inside a frame is gone without a word', async () => {
    await open();
    const peer = await target.stranger();
    peer.write(messageFrame(echo('it')).subarray(0, -1));
    peer.socket.end();
    await peer.closed();
    await target.isLeftAlone();
    expect(target.warnings).toEqual([]);
    expect(target.controller.heard).toEqual([]);
  });
});
