import type { AddressInfo, Socket } from 'node:net';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Headers, type INestApplication, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HeartwireServer, type HeartwireServerOptions } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { LeakGuard } from './support/leak-guard.js';
import { RawWebSocket } from './support/raw-web-socket.js';
import { moduleOf, Stage } from './support/stage.js';
import { TargetController } from './support/target.controller.js';
import { until } from './support/until.js';

@Controller()
class PageController {
  @Get()
  page(): string {
    return 'the page';
  }

  @Post()
  form(@Headers('content-length') length: string, @Body() body: unknown): string {
    return `${JSON.stringify(body).length === Number(length) ? length : '?'} bytes`;
  }
}

type Options = Partial<Omit<HeartwireServerOptions, 'url' | 'attach'>>;

describe('a server attached to Nest’s HTTP server', () => {
  const stage = new Stage();
  const guard = new LeakGuard();
  const peers: RawWebSocket[] = [];
  let app: INestApplication;
  let server: HeartwireServer;
  let http: Server;

  const open = async (options: Options = {}): Promise<void> => {
    guard.begin();
    const module = moduleOf({ controllers: [PageController, TargetController] });
    app = await NestFactory.create(module, { logger: stage.logger });
    http = app.getHttpServer() as Server;
    server = new HeartwireServer({ ...options, attach: http } as HeartwireServerOptions);
    app.connectMicroservice({ strategy: server });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
  };

  const port = (): number => (http.address() as AddressInfo).port;
  const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${String(port())}/`)).text();

  const knock = async (path = '/heartwire', headers: string[] = []): Promise<RawWebSocket> => {
    const peer = await RawWebSocket.connect(`ws://127.0.0.1:${String(port())}${path}`, { headers });
    peers.push(peer);
    return peer;
  };

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    await app.close();
    await stage.clear();
    await guard.check();
  });

  it('serves WebSockets beside its pages, at the port of the pages', async () => {
    await open();
    expect(server.address).toBe(`ws://127.0.0.1:${String(port())}/heartwire`);
    const client = stage.client(server.address);
    expect(await firstValueFrom(client.send('echo', { some: 'data' }))).toEqual({ some: 'data' });
    expect(await page()).toBe('the page');
  });

  it('knows no address before the HTTP server listens', async () => {
    await open();
    const other = new HeartwireServer({ attach: createServer() });
    expect([other.address, other.addresses]).toEqual(['', []]);
    await other.close();
  });

  it('leaves other paths to others, and answers 404 where there are none', async () => {
    await open({ path: '/live' });
    expect((await knock('/elsewhere')).status).toBe(404);
    http.on('upgrade', ({ url }: IncomingMessage, socket: Socket) => {
      if (url === '/other') socket.end('HTTP/1.1 299 Somebody else\r\n\r\n');
    });
    expect((await knock('/other')).status).toBe(299);
    expect((await knock('/live')).status).toBe(101);
  });

  it('leaves it to the HTTP server not to speak what else is asked for, such as HTTP/2', async () => {
    await open();
    const other = stage.track(new HeartwireServer({ attach: http, path: '/other' }));
    await new Promise((resolve) => other.listen(resolve));
    const asked: string[] = [];
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    for (const body of ['', '{"some":"data"}', JSON.stringify(['x'.repeat(50_000)])]) {
      const reply = await new Promise<string>((resolve, reject) => {
        const method = body === '' ? 'GET' : 'POST';
        const type = body !== '' && { 'content-type': 'application/json', 'content-length': body.length };
        request({ port: port(), method, headers: { ...headers, ...type } }, (response) => {
          response.setEncoding('utf8').on('data', (text: string) => asked.push(text));
          response.on('end', () => resolve(asked.splice(0).join('')));
        })
          .on('error', reject)
          .end(body);
      });
      expect(reply).toBe(body === '' ? 'the page' : `${String(body.length)} bytes`);
    }
    expect((await knock()).status).toBe(101);
  });

  it('leaves it to who else listens for upgrades what else is asked for', async () => {
    await open();
    http.on('upgrade', ({ headers: { upgrade } }: IncomingMessage, socket: Socket) => {
      if (upgrade === 'other') socket.end('HTTP/1.1 299 Somebody else\r\n\r\n');
    });
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'other' };
      request({ port: port(), headers }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });
    expect(answer).toBe(299);
  });

  it('leaves an HTTP server as it was', async () => {
    await open();
    const before = createServer();
    const other = stage.track(new HeartwireServer({ attach: before, path: '/other' }));
    const untouched = Object.getOwnPropertyDescriptors(before);
    await new Promise((resolve) => other.listen(resolve));
    await other.close();
    expect(Object.getOwnPropertyDescriptors(before)).toEqual(untouched);
  });

  it.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 0, 2]]])(
    'leaves an HTTP server as it was when several go, in the order %j',
    async (order) => {
      await open();
      const shared = createServer();
      const untouched = Object.getOwnPropertyDescriptors(shared);
      const servers = ['/a', '/b', '/c'].map((path) =>
        stage.track(new HeartwireServer({ attach: shared, path })),
      );
      for (const server of servers) await new Promise((resolve) => server.listen(resolve));
      for (const index of order) await servers[index]?.close();
      expect(Object.getOwnPropertyDescriptors(shared)).toEqual(untouched);
    },
  );

  it.each(['Content-Length: 5', 'Transfer-Encoding: chunked'])(
    'refuses a request for a WebSocket that has a body of its own: %s',
    async (header) => {
      await open();
      expect((await knock('/heartwire', [header])).status).toBe(400);
      expect((await knock('/heartwire', ['Content-Length: 0'])).status).toBe(101);
    },
  );

  it('lets no page of another origin in', async () => {
    await open();
    expect((await knock('/heartwire', ['Origin: https://evil.example'])).status).toBe(403);
    const own = `Origin: http://127.0.0.1:${String(port())}`;
    expect((await knock('/heartwire', [own])).status).toBe(101);
  });

  it.each([
    ['that says true', () => true, 101],
    ['that says false', () => false, 403],
    ['that is async, and so can’t say', () => Promise.resolve(true), 403],
    [
      'that throws',
      () => {
        throw new Error('no idea');
      },
      403,
    ],
  ])('asks a function for other origins: one %s', async (_, allowedOrigins, status) => {
    await open({ allowedOrigins: allowedOrigins as () => boolean });
    expect((await knock('/heartwire', ['Origin: https://chat.example'])).status).toBe(status);
  });

  it('shares the HTTP server with another one at another path, and at no path is one left hanging', async () => {
    await open();
    const other = stage.track(new HeartwireServer({ attach: http, path: '/other' }));
    await new Promise((resolve) => other.listen(resolve));
    expect((await knock('/heartwire')).status).toBe(101);
    expect((await knock('/other')).status).toBe(101);
    expect((await knock('/nobody')).status).toBe(404);
  });

  it('leaves a path that another one has to that one, and says so', async () => {
    await open();
    const other = stage.track(new HeartwireServer({ attach: http }));
    const error = await new Promise((resolve) => other.listen(resolve));
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringContaining('/heartwire') });
    expect((await knock()).status).toBe(101);
    await other.close();
    expect((await knock()).status).toBe(101);
  });

  it('holds its limits, and says so in HTTP', async () => {
    await open({ limits: { connections: 1 } });
    const first = await knock();
    expect((await knock()).status).toBe(503);
    expect(await page()).toBe('the page');
    first.close();
    await until('there is room', async () => (await knock()).status === 101);
  });

  it('listens at urls of its own too, and a room has members on each', async () => {
    await open({ urls: ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/own'] });
    const { addresses } = server;
    expect(addresses.map((address) => address.replace(/\d+(?=\/|$)/, 'port'))).toEqual([
      'tcp://127.0.0.1:port',
      'ws://127.0.0.1:port/own',
      'ws://127.0.0.1:port/heartwire',
    ]);
    expect(server.address).toBe(addresses[0]);
    const heard: string[] = [];
    for (const address of addresses) {
      const client = stage.client(address);
      client.on$('news').subscribe((news) => heard.push(`${address} ${String(news)}`));
      await firstValueFrom(client.send('pulse', {}));
    }
    for (const { clientId } of server.connections) server.hub.join(clientId, 'lobby');
    server.hub.to('lobby').emit('news', 'hello');
    await until('all have heard it', () => heard.length === 3);
    expect(heard.sort()).toEqual(addresses.map((address) => `${address} hello`).sort());
  });

  it('leaves the HTTP server open when it is closed, with nothing of its own on it', async () => {
    await open();
    const peer = await knock();
    await peer.received({ type: 'welcome' });
    await server.close();
    expect(peer.messages).toContainEqual(expect.objectContaining({ type: 'goaway', reason: 'shutdown' }));
    expect(peer.closeCode).toBe(1_000);
    expect(await page()).toBe('the page');
    expect(http.listenerCount('upgrade')).toBe(0);
    expect(Object.hasOwn(http, 'close')).toBe(false);
    expect((await knock()).status).not.toBe(101);
  });

  it('goes away in order when the application closes, which waits for it', async () => {
    await open();
    const client = stage.client(server.address);
    const ends: string[] = [];
    client.on('close', () => ends.push('closed'));
    expect(await firstValueFrom(client.send('pulse', {}))).toBe('beat');
    await app.close();
    expect(server.connections).toEqual([]);
    expect(stage.logger.texts('warn').filter((line) => line.includes('Lost'))).toEqual([]);
  });
});
