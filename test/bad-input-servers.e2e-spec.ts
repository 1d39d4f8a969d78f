import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ConnectionStatus, HeartwireClient } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { errorOf } from './support/outcome.js';
import { frame, header, type RawPeer } from './support/raw-peer.js';
import { READY, RawServer } from './support/raw-server.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const stage = new Stage();
let server: RawServer;
let client: HeartwireClient;
let statuses: ConnectionStatus[];

beforeEach(async () => {
  server = await RawServer.listen();
  const reconnect = { firstMaxMs: 1, baseMs: 0, growthMs: 1, maxMs: 1 };
  client = stage.client(server.url, { reconnect, callTimeoutMs: 40_000 });
  statuses = [];
  client.status.subscribe((status) => statuses.push(status));
});

afterEach(async () => {
  await server.close();
  await stage.clear();
});

const ping = (): Promise<unknown> => firstValueFrom(client.send('ping', {}));

/** A binary envelope in its frame. */
function envelope(message: object, bytes: string): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return frame(Buffer.concat([length, json, Buffer.from(bytes)]), 2);
}

/** The next call of the client, answered. */
async function answerNext(peer: RawPeer): Promise<void> {
  const { id } = await peer.received({ pattern: 'ping' });
  peer.send({ id, response: 'pong', isDisposed: true });
}

const warnings = (): readonly string[] => [...stage.logger.texts('warn'), ...stage.logger.texts('error')];

describe('a client whose server breaks the rules drops it, tells its callers the truth, and comes back:', () => {
  it.each<[string, Buffer, string]>([
    ['a frame over the limit', header(4_194_305), 'FRAME_TOO_LARGE'],
    ['the reserved bit', frame('{}', 1), 'PROTOCOL_ERROR'],
    ['invalid UTF-8', frame(Buffer.of(0x22, 0xff, 0x22)), 'PROTOCOL_ERROR'],
    ['invalid JSON', frame('{"id":1,"response":'), 'PROTOCOL_ERROR'],
    ['JSON that is no object', frame('[]'), 'PROTOCOL_ERROR'],
    ['an unknown type', frame('{"type":"frobnicate"}'), 'PROTOCOL_ERROR'],
    ['an answer with a member of the wrong kind', frame('{"id":{},"response":1}'), 'PROTOCOL_ERROR'],
    ['a second ready', frame(JSON.stringify({ type: 'ready' })), 'PROTOCOL_ERROR'],
    ['a hello, which is the client’s word', frame('{"type":"hello","protocol":1}'), 'PROTOCOL_ERROR'],
    ['an acknowledgement of what was never sent', frame('{"type":"ack","received":9}'), 'PROTOCOL_ERROR'],
  ])('%s', async (_what, bytes, code) => {
    const lost = errorOf(client.send('lost', {}));
    const first = await server.greeted(0);
    await first.received({ pattern: 'lost' });
    first.write(bytes);
    expect(await lost).toMatchObject({
      code: 'CONNECTION_LOST',
      sent: 'maybe',
      retryable: true,
      cause: { code },
    });
    expect(await first.received({ type: 'error' })).toMatchObject({ code });
    await first.closed();

    const answer = ping();
    const second = await server.greeted(1);
    await answerNext(second);
    expect(await answer).toBe('pong');
    expect(statuses).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
    expect(warnings()).toEqual([
      expect.stringMatching(new RegExp(`^Lost the connection to ${server.url}: ${code}, `)),
    ]);
  });

  it('an idempotent call is made again on the next connection', async () => {
    const answer = firstValueFrom(client.send('ping', {}, { idempotent: true }));
    const first = await server.greeted(0);
    await first.received({ pattern: 'ping' });
    first.write(frame('oops'));
    await answerNext(await server.greeted(1));
    expect(await answer).toBe('pong');
  });

  it('and what had come of an answer that was cut is no part of the next one', async () => {
    const answer = firstValueFrom(client.send<Buffer>('ping', {}, { idempotent: true }));
    const first = await server.greeted(0);
    const { id } = await first.received({ pattern: 'ping' });
    first.write(envelope({ id, more: true }, 'half of '));
    first.write(frame('oops'));
    const second = await server.greeted(1);
    const again = await second.received({ pattern: 'ping' });
    second.write(envelope({ id: again.id, isDisposed: true }, 'whole'));
    expect(String(await answer)).toBe('whole');
  });

  it('a call that was not sent yet waits for the next connection', async () => {
    const answer = ping();
    const first = await server.peer(0);
    await first.received({ type: 'hello' });
    first.write(frame('oops'));
    await answerNext(await server.greeted(1));
    expect(await answer).toBe('pong');
    expect(first.messages.some(({ pattern }) => pattern !== undefined)).toBe(false);
  });

  it('a stream of bytes without an end of its item, and nobody takes it: parts are not more than items may be', async () => {
    const small = stage.client(server.url, { limits: { maxFrameBytes: 1_024 } });
    const items = small.send<Buffer>('bytes', {})[Symbol.asyncIterator]();
    const next = items.next();
    const peer = await server.greeted(0);
    const { id } = await peer.received({ pattern: 'bytes' });
    const part = envelope({ id, more: true, byteStream: true }, 'x'.repeat(900));
    peer.write(Buffer.concat(Array.from({ length: 75 }, () => part)));
    expect(await next).toMatchObject({ done: false });
    expect(await peer.received({ type: 'error' })).toMatchObject({
      message: 'a stream must not send more items than it has credit for',
    });
  });

  it('a ready without a session to go on with', async () => {
    const answer = ping();
    const first = await server.peer(0);
    await first.received({ type: 'hello' });
    const session = { session: 's', secret: 'x'.repeat(32), resumed: true, received: 0 };
    first.send({ type: 'ready', ...session, heartbeatInterval: 5_000, heartbeatTimeout: 10_000 });
    expect(await first.received({ type: 'error' })).toMatchObject({ message: '"ready" is out of turn' });
    await answerNext(await server.greeted(1));
    expect(await answer).toBe('pong');
  });

  it('a server that closes it as unused while calls wait', async () => {
    const answer = ping();
    const first = await server.peer(0);
    await first.received({ type: 'hello' });
    first.send(READY, { type: 'goaway', reason: 'idle', graceMs: 1_000 });
    await answerNext(await server.greeted(1));
    expect(await answer).toBe('pong');
    // It waits before it connects the next time, as after any goaway: it doesn't rest.
    expect(statuses).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
  });

  it('a server that goes away again and again, and is never gone: a few such connections are kept', async () => {
    const connecting = client.connect();
    for (let index = 0; index < 17; index += 1) {
      (await server.greeted(index)).send({ type: 'goaway', reason: 'restart', graceMs: 1e15 });
    }
    await connecting;
    const first = await server.peer(0);
    await first.received({ type: 'goaway', reason: 'closed' });
    await first.closed();
    expect(server.peers[1]?.isClosed).toBe(false);
  });

  it('a server that is wrong each time: the log has one line on it', async () => {
    const answer = ping();
    for (let index = 0; index < 5; index += 1) (await server.peer(index)).write(frame('oops'));
    await answerNext(await server.greeted(5));
    expect(await answer).toBe('pong');
    expect(warnings()).toEqual([
      expect.stringMatching(
        /^No connection to .* yet, trying on: HANDSHAKE_FAILED, a message must be JSON: is it a Heartwire server\?$/,
      ),
    ]);
  });

  it('what a server says as its reason can’t write lines of its own into the log', async () => {
    const connecting = client.connect();
    const first = await server.greeted(0);
    await connecting;
    first.send({
      type: 'error',
      code: 'NO_SUCH_CODE',
      message: `bye\n[Nest] ERROR all is lost\u001b[2J${'!'.repeat(4_000)}`,
    });
    first.close();
    await server.greeted(1);
    await until('it is back', () => statuses.at(-1) === 'connected' && statuses.includes('reconnecting'));
    expect(warnings()).toEqual([
      expect.stringMatching(/PROTOCOL_ERROR, bye \[Nest\] ERROR all is lost \[2J!{200,230}$/),
    ]);
  });
});

describe('a server that goes on with the session, and cuts each link,', () => {
  const LONG_MS = 3_600_000;
  const RESUMED = { ...READY, resumed: true };
  let impatient: HeartwireClient;

  beforeEach(() => {
    impatient = stage.client(server.url, { reconnect: { firstMaxMs: 1, baseMs: LONG_MS } });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is waited for, once that has happened twice', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const waits = (): number[] => timers.mock.calls.map(([, ms = 0]) => ms).filter((ms) => ms >= LONG_MS);
    void impatient.connect();
    (await server.greeted(0)).close();
    const second = await server.greeted(1, RESUMED);
    await until('the session goes on', () => impatient.endpoints[0]?.isConnected === true);
    expect(waits()).toEqual([]);
    second.close();
    await until('it waits', () => waits().length > 0);
    expect(server.peers).toHaveLength(2);
  });

  it('is come back to at once as long as it answers', async () => {
    void impatient.connect();
    (await server.greeted(0)).close();
    for (let index = 1; index < 6; index += 1) {
      // It has received one call for each.
      const peer = await server.greeted(index, { ...RESUMED, received: index - 1 });
      const answer = firstValueFrom(impatient.send('ping', {}));
      await answerNext(peer);
      expect(await answer).toBe('pong');
      peer.close();
    }
    await server.peer(6);
  });
});

describe('what is odd and legal is no reason to leave:', () => {
  it('answers never asked for are ignored, and so are keys named __proto__', async () => {
    const answer = ping();
    const only = await server.greeted(0);
    const { id } = await only.received({ pattern: 'ping' });
    only.send(
      { id: 999, response: 'unasked', isDisposed: true },
      { id: String(id), response: 'the text, not the number', isDisposed: true },
      { id: 'x', err: 'unasked', isDisposed: true },
      { id: 998, isDisposed: true },
      { type: 'cancel', id },
      { type: 'credit', id, n: 1 },
    );
    only.write(frame('{"id":997,"__proto__":{"response":1},"err":{"__proto__":{"isAdmin":true}}}'));
    only.write(frame(''));
    only.write(frame(`{"id":${id},"response":{"__proto__":{"isAdmin":true}},"isDisposed":true}`));
    const received = (await answer) as Record<string, unknown>;
    expect(JSON.stringify(received)).toBe('{"__proto__":{"isAdmin":true}}');
    expect(received.isAdmin).toBeUndefined();
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    expect(server.peers).toHaveLength(1);
    expect(warnings()).toEqual([]);
  });

  it('a failure that looks like one of ours and is not arrives as it was said', async () => {
    const failure = errorOf(client.send('ping', {}));
    const only = await server.greeted(0);
    const { id } = await only.received({ pattern: 'ping' });
    only.write(frame(`{"id":${id},"err":{"code":"DRAINING","__proto__":{"a":1}},"isDisposed":true}`));
    const error = await failure;
    expect(JSON.stringify(error)).toBe('{"code":"DRAINING","__proto__":{"a":1}}');
  });

  it('a call to a client, which serves nothing, is refused', async () => {
    const connecting = client.connect();
    const only = await server.greeted(0);
    await connecting;
    only.send({ id: 1, pattern: 'anything', data: {} }, { pattern: 'event', data: {} });
    expect(await only.received({ id: 1 })).toMatchObject({ err: { code: 'NO_HANDLER', retryable: false } });
    expect(only.isClosed).toBe(false);
  });

  it('a goaway with a far end: what runs is let finish, what is new goes to the next connection', async () => {
    const running = ping();
    const first = await server.greeted(0);
    const { id } = await first.received({ pattern: 'ping' });
    first.send({ type: 'goaway', reason: 'restart', graceMs: 1e15 });
    await until('it has heard', () => statuses.at(-1) === 'reconnecting');
    const late = firstValueFrom(client.send('ping', 'late'));
    await answerNext(await server.greeted(1));
    expect(await late).toBe('pong');
    first.send({ id, response: 'late but here', isDisposed: true });
    expect(await running).toBe('late but here');
  });
});
