import { once } from 'node:events';
import { createServer as createHttpServer, request, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient, HeartwireClientOptions } from 'heartwire';
import { FaultProxy } from 'heartwire/testing';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';

import { Authority, type Identity } from './support/authority.js';
import { errorOf } from './support/outcome.js';
import { RawWebSocket } from './support/raw-web-socket.js';
import { type Served, Stage } from './support/stage.js';
import { TargetController } from './support/target.controller.js';
import { until } from './support/until.js';

type ClientOptions = Omit<HeartwireClientOptions, 'url' | 'urls'>;

const stage = new Stage();
const closers: (() => unknown)[] = [];

const serve = (options: object = {}, url = 'ws://127.0.0.1:0/heartwire'): Promise<Served> =>
  stage.serve({ controllers: [TargetController] }, { url, server: options });

const strict = (url: string, options: ClientOptions = {}): HeartwireClient =>
  // Many calls at once take their time.
  stage.client(url, { strict: true, callTimeoutMs: 30_000, ...options });

const pulse = (client: HeartwireClient): Promise<string> => firstValueFrom(client.send<string>('pulse', {}));

const listening = async (server: Server | HttpServer): Promise<string> => {
  server.listen(0, '127.0.0.1');
  closers.push(() => server.close());
  await once(server, 'listening');
  return `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/heartwire`;
};

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await stage.clear();
});

describe('a client over ws://', () => {
  it('calls, follows streams, and sends bytes', async () => {
    const { url, app } = await serve();
    const client = strict(url);
    expect(await firstValueFrom(client.send('echo', { text: 'é€😀' }))).toEqual({ text: 'é€😀' });
    expect(await lastValueFrom(client.send<number>('countdown', 1_000).pipe(toArray()))).toHaveLength(1_000);
    for (const size of [1, 125, 126, 65_535, 65_536, 1_000_000]) {
      const text = 'x'.repeat(size);
      expect(await firstValueFrom(client.send('echo', text))).toBe(text);
      const bytes = Buffer.alloc(size, 0xa5);
      expect(bytes.equals(await firstValueFrom(client.send<Buffer>('echo', bytes)))).toBe(true);
    }
    expect(app.get(TargetController).heard).toHaveLength(13);
    expect(client.endpoints).toMatchObject([{ endpoint: url, isConnected: true }]);
  });

  it('makes many calls at once, and hears what is pushed', async () => {
    const { url, server } = await serve();
    const client = strict(url);
    const news: unknown[] = [];
    client.on$('news').subscribe((item) => news.push(item));
    const numbers = Array.from({ length: 3_000 }, (_, n) => n);
    expect(await Promise.all(numbers.map((n) => firstValueFrom(client.send('echo', n))))).toEqual(numbers);
    for (const n of numbers) server.hub.broadcast.emit('news', n);
    server.hub.broadcast.emit('news', Buffer.from([1, 2, 3]));
    await until('all is heard', () => news.length === 3_001);
    expect(news).toEqual([...numbers, Buffer.from([1, 2, 3])]);
  });

  it('goes on with its session after the link was cut', async () => {
    const { url, server } = await serve();
    let resumed = 0;
    server.connections$.subscribe(({ type }) => {
      if (type === 'resumed') resumed += 1;
    });
    const proxy = await FaultProxy.to(url);
    closers.push(() => proxy.close());
    const client = strict(proxy.url, { reconnect: { firstMaxMs: 5, baseMs: 5 } });
    await client.connect();
    const answers = Array.from({ length: 500 }, (_, n) => firstValueFrom(client.send('echo', n)));
    proxy.reset();
    expect(await Promise.all(answers)).toHaveLength(500);
    const before = resumed;
    proxy.cut();
    await until('the session goes on', () => resumed > before);
    expect(await pulse(client)).toBe('beat');
    expect(server.connections).toHaveLength(1);
  });

  it('and its server each notice that the other is frozen', async () => {
    const heartbeat = { intervalMs: 100, timeoutMs: 200 };
    const { url, server } = await serve({ heartbeat, resumeWindowMs: 0 });
    const proxy = await FaultProxy.to(url);
    closers.push(() => proxy.close());
    const client = strict(proxy.url, { heartbeat });
    const ends: string[] = [];
    client.on('close', () => ends.push('closed'));
    await client.connect();
    proxy.swallow();
    await until('both have noticed', () => ends.length > 0 && server.connections.length === 0);
  });

  it('closes with 1000, and leaves nothing behind', async () => {
    const { url, server, app } = await serve();
    const client = strict(url);
    await client.connect();
    await client.close();
    await until('the server has no connection', () => server.connections.length === 0);
    const peer = await RawWebSocket.connect(url);
    closers.push(() => peer.close());
    peer.send({ id: 1, pattern: 'pulse', data: {} });
    await peer.received({ id: 1 });
    await app.close();
    expect(peer.messages).toContainEqual(expect.objectContaining({ type: 'goaway', reason: 'shutdown' }));
    expect(peer.closeCode).toBe(1_000);
  });

  it('looks its name up at each attempt, and asks for the host that the user named', async () => {
    const { url } = await serve();
    const { port } = new URL(url);
    const asked: string[] = [];
    const hosts: (string | undefined)[] = [];
    const gate = createHttpServer().on('upgrade', (incoming, socket: Socket) => {
      hosts.push(incoming.headers.host);
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    });
    const gatePort = Number(new URL(await listening(gate)).port);
    const client = stage.client('ws://chat.example:4000/heartwire', {
      reconnect: { firstMaxMs: 1, baseMs: 1, growthMs: 1, maxMs: 1 },
      resolve: (question) => {
        asked.push('name' in question ? question.name : '');
        return Promise.resolve([{ host: '127.0.0.1', port: asked.length === 1 ? gatePort : Number(port) }]);
      },
    });
    expect(await pulse(client)).toBe('beat');
    expect(hosts[0]).toBe(`chat.example:${String(gatePort)}`);
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked)).toEqual(new Set(['chat.example']));
  });

  it('reaches through a proxy that only passes HTTP upgrades', async () => {
    const { url } = await serve();
    const target = new URL(url);
    const through: Socket[] = [];
    const proxy = createHttpServer((_incoming, response) => response.writeHead(502).end()).on(
      'upgrade',
      (incoming, socket: Socket, head: Buffer) => {
        const { method, url: path, headers } = incoming;
        const onward = request({ host: target.hostname, port: target.port, method, path, headers });
        onward.on('upgrade', (answer, upstream: Socket, first: Buffer) => {
          const lines = answer.rawHeaders.flatMap((name, at, all) =>
            at % 2 === 0 ? [`${name}: ${all[at + 1] ?? ''}`] : [],
          );
          socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
          socket.write(first);
          upstream.write(head);
          through.push(socket, upstream);
          for (const each of [socket, upstream]) each.on('error', () => undefined);
          socket.pipe(upstream).pipe(socket);
        });
        onward.end();
      },
    );
    const client = strict(await listening(proxy));
    expect(await pulse(client)).toBe('beat');
    expect(await firstValueFrom(client.send('echo', 'x'.repeat(500_000)))).toHaveLength(500_000);
    closers.unshift(() => client.close());
    expect(through).toHaveLength(2);
  });

  it('over TLS knows its server, and is known by its certificate', async () => {
    const authority = await Authority.create();
    const identity = await authority.issue('chat');
    const tls = { ...identity, ca: authority.ca, requestCert: true };
    const known: unknown[] = [];
    const authenticate = (_: unknown, peer: { peerCertificate?: { subject: object } }): string => {
      known.push(peer.peerCertificate?.subject);
      return 'ada';
    };
    const { url, server } = await serve({ tls, authenticate }, 'wss://127.0.0.1:0/heartwire');
    expect(url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/heartwire$/);
    const ada: Identity = await authority.issue('ada');
    const client = strict(url, { tls: { ca: authority.ca, ...ada } });
    expect(await pulse(client)).toBe('beat');
    expect(known).toMatchObject([{ CN: 'ada' }]);
    expect(server.connections).toMatchObject([{ remote: expect.stringMatching(/^wss:/) }]);
    expect(await errorOf(strict(url).send('pulse', {}))).toMatchObject({ code: 'HANDSHAKE_FAILED' });
  });
});

describe('what a client over ws:// is told', () => {
  const refusalOf = (url: string, options?: ClientOptions): Promise<unknown> =>
    strict(url, options)
      .connect()
      .then(
        () => 'it connected',
        (error: unknown) => error,
      );

  it('where nothing listens', async () => {
    expect(await refusalOf('ws://127.0.0.1:1/heartwire')).toMatchObject({ code: 'CONNECT_FAILED' });
  });

  it('where there is no such path', async () => {
    const { url } = await serve();
    expect(await refusalOf(url.replace('heartwire', 'hartwire'))).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      message: expect.stringMatching(
        /^ws:\S+\/hartwire gives no WebSocket: it answers with HTTP status 404 Not Found$/,
      ),
      details: { status: 404 },
    });
  });

  it('where somebody speaks something else', async () => {
    const other = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('220 mail ready\r\n'),
    );
    expect(await refusalOf(await listening(other))).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      message: expect.stringMatching(/^what listens at ws:\S+ doesn't speak HTTP$/),
    });
    const { url } = await serve({}, 'tcp://127.0.0.1:0');
    expect(await refusalOf(url.replace('tcp:', 'ws:'))).toMatchObject({ code: 'HANDSHAKE_FAILED' });
  });

  it('where nobody answers in time, or hangs up', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    const url = await listening(silent);
    closers.unshift(() => sockets.forEach((socket) => socket.destroy()));
    expect(await refusalOf(url, { handshakeTimeoutMs: 200 })).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      message: expect.stringContaining('has not answered within 200 ms'),
    });
    const rude = createServer((socket) =>
      socket.on('error', () => undefined).on('data', () => socket.destroy()),
    );
    expect(await refusalOf(await listening(rude))).toMatchObject({ code: 'HANDSHAKE_FAILED' });
  });

  it('when the token goes over ws:// to another machine', async () => {
    const resolve = (): Promise<{ host: string; port: number }[]> =>
      Promise.resolve([{ host: '192.0.2.1', port: 4_001 }]);
    const client = stage.client('ws://chat.example/heartwire', {
      token: 'secret',
      resolve,
      connectTimeoutMs: 50,
    });
    await errorOf(client.send('pulse', {}, { timeoutMs: 100 }));
    const warning = /^A token goes to ws:\/\/\S+ in clear, .*: use wss:\/\/ instead of ws:\/\/$/;
    await until('it is warned', () => stage.logger.texts('warn').some((text) => warning.test(text)));
  });
});
