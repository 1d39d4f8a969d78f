import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServerOptions } from 'heartwire';

import { PING, PONG, RawWebSocket, webSocketFrame } from './support/raw-web-socket.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

type Options = Omit<HeartwireServerOptions, 'url' | 'urls'>;

const RARELY = { intervalMs: 60_000, timeoutMs: 60_000 };

let target: Target;
const closers: (() => void)[] = [];

const open = async (options: Options = {}): Promise<void> => {
  target = await Target.open({ heartbeat: RARELY, ...options }, 'ws://127.0.0.1:0/heartwire');
};

const knock = async (...args: [{ headers?: string[]; path?: string }?]): Promise<RawWebSocket> => {
  const peer = await RawWebSocket.connect(target.url, ...args);
  closers.push(() => peer.close());
  return peer;
};

/** One that connects, and doesn't ask for a WebSocket. */
const plain = async (): Promise<Socket> => {
  const socket = connect(Number(new URL(target.url).port), '127.0.0.1').on('error', () => undefined);
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
};

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await target.close();
});

describe('a server at a ws:// url', () => {
  it('tells its real url, and serves anybody who speaks JSON in text messages', async () => {
    await open();
    expect(target.url).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*\/heartwire$/);
    expect(target.server.addresses).toEqual([target.url]);
    const peer = await knock();
    await peer.received({ type: 'welcome' });
    peer.send({ id: 1, pattern: 'echo', data: { some: 'data' } });
    expect(await peer.received({ id: 1 })).toEqual({ id: 1, response: { some: 'data' }, isDisposed: true });
    const remotes = target.server.connections.map(({ remote }) => remote);
    expect(remotes).toContain(`ws://127.0.0.1:${String(peer.localPort)}`);
  });

  it('answers in HTTP who asks for no WebSocket, or for one elsewhere', async () => {
    await open();
    expect((await knock({ path: '/elsewhere' })).status).toBe(404);
    expect((await knock({ path: '/heartwire/' })).status).toBe(404);
    expect((await knock({ path: '/heartwire?room=lobby' })).status).toBe(101);
    const url = target.url.replace('ws:', 'http:');
    const answer = await fetch(url);
    await answer.text();
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    const elsewhere = await fetch(`${url}/page.html`);
    expect([elsewhere.status, await elsewhere.text()]).toEqual([404, 'Not Found\n']);
    expect(target.warnings).toEqual([]);
  });

  it('answers what is no HTTP with 400, and closes', async () => {
    await open();
    const stranger = await plain();
    stranger.write(Buffer.from([0, 0, 0, 2, 0x7b, 0x7d]));
    const [answer] = (await once(stranger, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    await once(stranger, 'close');
  });

  it('answers a ping of the WebSocket with what came in it', async () => {
    await open();
    const peer = await knock();
    peer.write(webSocketFrame('are you there', { opcode: PING }));
    await until('the pong is here', () => peer.opcodes.includes(PONG));
  });
});

describe('the origin of a page', () => {
  const statusFor = async (origin: string): Promise<number> =>
    (await knock({ headers: [`Origin: ${origin}`] })).status;

  it('must be the server’s own, whatever the scheme', async () => {
    await open();
    const { host } = new URL(target.url);
    expect(await statusFor(`http://${host}`)).toBe(101);
    expect(await statusFor(`https://${host}`)).toBe(101);
    expect(target.warnings).toEqual([]);
    expect(await statusFor('https://evil.example')).toBe(403);
    expect(target.warnings).toEqual([
      expect.stringMatching(
        /^Closing the connection of ws:\/\/127\.0\.0\.1:\d+: HANDSHAKE_FAILED, a page of "https:\/\/evil\.example" wants in: if it may, name it in allowedOrigins$/,
      ),
    ]);
    expect(await statusFor('null')).toBe(403);
    expect(await statusFor(`http://${host}.evil.example`)).toBe(403);
    expect(await statusFor('http://127.0.0.1:1')).toBe(403);
  });

  it('may be one of a list', async () => {
    await open({ allowedOrigins: ['https://chat.example'] });
    expect(await statusFor('https://chat.example')).toBe(101);
    expect(await statusFor('http://chat.example')).toBe(403);
    expect(await statusFor('https://chat.example.evil')).toBe(403);
  });

  it('may be what a function allows, and one that throws allows nothing', async () => {
    await open({
      allowedOrigins: (origin) => {
        if (origin.endsWith('.broken')) throw new Error('no such origin');
        return origin.endsWith('.chat.example');
      },
    });
    expect(await statusFor('https://a.chat.example')).toBe(101);
    expect(await statusFor('https://evil.example')).toBe(403);
    expect(await statusFor('https://evil.broken')).toBe(403);
    expect(target.warnings.at(-1)).toContain('allowedOrigins threw "Error: no such origin"');
  });
});

describe('limits of a server at a ws:// url', () => {
  it.each(['connections', 'connectionsPerAddress'])(
    'limits.%s counts everybody who connects',
    async (limit) => {
      await open({ limits: { [limit]: 3, handshakeTimeoutMs: 60_000 } });
      const first = await knock();
      const waits = await plain();
      for (let count = 0; count < 5; count += 1) {
        const turnedAway = await plain();
        turnedAway.resume();
        await once(turnedAway, 'close');
      }
      waits.destroy();
      await until('there is room', async () => (await knock()).status === 101);
      first.send({ id: 1, pattern: 'echo', data: 1 });
      expect(await first.received({ id: 1 })).toMatchObject({ response: 1 });
    },
  );

  it('who says nothing, or asks for a WebSocket too slowly, is closed after handshakeTimeoutMs', async () => {
    // Time enough for the bystander.
    await open({ limits: { handshakeTimeoutMs: 2_000 } });
    const silent = await plain();
    const slow = await plain();
    const trickle = setInterval(() => slow.write('G'), 20);
    slow.write('GET /heartwire HTTP/1.1\r\nX-Slow: ');
    try {
      // One that goes on sending may hear of it by a reset.
      await Promise.all(
        [silent, slow].map(
          (socket) =>
            new Promise((closed) =>
              socket
                .on('error', () => undefined)
                .resume()
                .once('close', closed),
            ),
        ),
      );
    } finally {
      clearInterval(trickle);
    }
    expect(target.warnings).toEqual([]);
  });

  it('who has its WebSocket and then says nothing is told so, and closed', async () => {
    // Time enough to ask for it.
    await open({ limits: { handshakeTimeoutMs: 2_000 } });
    const silent = await knock();
    await silent.closed();
    expect(silent.messages.at(-1)).toMatchObject({ type: 'error', code: 'HANDSHAKE_FAILED' });
    expect(silent.closeCode).toBe(1_000);
  });

  it('beyond limits.handshakes the oldest that hasn’t asked yet is closed', async () => {
    await open({ limits: { handshakes: 3, handshakeTimeoutMs: 60_000 } });
    const waiting: Socket[] = [];
    while (waiting.length < 10) waiting.push((await plain()).resume());
    await until('all but three are closed', () => waiting.filter(({ closed }) => closed).length === 7);
    expect(waiting.slice(-3).some(({ closed }) => closed)).toBe(false);
    expect((await knock()).status).toBe(101);
  });
});

describe('HTTP at a tcp:// url', () => {
  it('is told what is spoken there', async () => {
    target = await Target.open();
    const browser = await target.stranger();
    browser.write(Buffer.from('GET /heartwire HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'));
    expect(await target.refusal(browser)).toMatchObject({
      code: 'PROTOCOL_ERROR',
      message: expect.stringContaining(
        'HTTP is not spoken here: it was dialled with ws:// instead of tcp://',
      ),
    });
  });
});
