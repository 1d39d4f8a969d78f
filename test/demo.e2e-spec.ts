import { connect } from 'node:net';

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HeartwireClient, type HeartwireServerOptions } from 'heartwire';
import { FaultProxy } from 'heartwire/testing';
import { firstValueFrom } from 'rxjs';

import { type Chat, createChat } from '../src/chat/create-chat.js';
import type { ChatMessage } from '../src/contract/chat-message.js';
import { createGateway } from '../src/gateway/create-gateway.js';
import type { ConnectionReport } from '../src/gateway/connection-record.js';
import type { ServiceOptions } from '../src/gateway/gateway.module.js';
import { EventStream } from './support/event-stream.js';
import { freeUrl } from './support/free-url.js';
import { LeakGuard } from './support/leak-guard.js';
import { errorOf } from './support/outcome.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

/** Below the 10 s that a service gives to what doesn't end by itself. */
const GIVES_UP_MS = 9_500;

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Asks again until the answer will do. */
async function eventually<T>(ask: () => Promise<T> | T, isEnough: (answer: T) => boolean): Promise<T> {
  let answer = await ask();
  await until('the answer will do', async () => isEnough(answer) || isEnough((answer = await ask())));
  return answer;
}

describe('the demo', () => {
  const logger = new RecordingLogger();
  const cleanups: (() => unknown)[] = [];
  /** Last in, first out: the gateway goes before its chat. */
  const afterwards = (cleanup: () => unknown): unknown => cleanups.push(cleanup);

  const guard = new LeakGuard();

  beforeEach(() => {
    Logger.overrideLogger(logger);
    guard.begin();
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    logger.lines.length = 0;
    await guard.check();
  });

  async function startChat(options?: Partial<HeartwireServerOptions> & { url?: string }): Promise<Chat> {
    const chat = await createChat(
      { url: 'tcp://127.0.0.1:0', ...options } as HeartwireServerOptions,
      {},
      logger,
    );
    await chat.app.listen();
    afterwards(() => chat.app.close());
    return chat;
  }

  async function startGateway(options: ServiceOptions): Promise<string> {
    const app = await createGateway({ chat: options }, logger);
    await app.listen(0, '127.0.0.1');
    afterwards(() => app.close());
    return app.getUrl();
  }

  /** Both services, the gateway connected. */
  async function startBoth(): Promise<{ chat: Chat; gateway: string }> {
    const chat = await startChat();
    const gateway = await startGateway({ url: chat.server.address });
    await connected(gateway);
    return { chat, gateway };
  }

  function directly(url: string): HeartwireClient {
    const client = new HeartwireClient({ url });
    afterwards(() => client.close());
    return client;
  }

  async function follow(url: string, lastEventId?: string): Promise<EventStream> {
    const stream = await EventStream.open(
      url,
      lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    );
    afterwards(() => stream.close());
    return stream;
  }

  async function ask(url: string, method = 'GET', body?: unknown): Promise<Reply> {
    const response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  async function post(gateway: string, text: string, room = 'lobby'): Promise<ChatMessage> {
    const { status, body } = await ask(`${gateway}/rooms/${room}/messages`, 'POST', { author: 'ada', text });
    expect(status).toBe(201);
    return body as ChatMessage;
  }

  async function report(gateway: string): Promise<ConnectionReport> {
    const { body } = await ask(`${gateway}/connections`);
    return (body as { chat: ConnectionReport }).chat;
  }

  function connected(gateway: string, reconnects = 0): Promise<ConnectionReport> {
    return eventually(
      () => report(gateway),
      (chat) => chat.status === 'connected' && chat.reconnects === reconnects,
    );
  }

  const textsOf = (stream: EventStream): readonly string[] =>
    stream.data.map((message) => (message as ChatMessage).text);

  describe('rooms', () => {
    it('keep what was posted, in order', async () => {
      const { gateway } = await startBoth();
      const first = await post(gateway, 'one');
      const second = await post(gateway, 'two "☕"');

      expect(first).toEqual({
        id: expect.any(String),
        room: 'lobby',
        author: 'ada',
        text: 'one',
        postedAt: new Date(first.postedAt).toISOString(),
      });
      expect(await ask(`${gateway}/rooms/lobby/messages`)).toEqual({ status: 200, body: [first, second] });
      expect(await ask(`${gateway}/rooms/lobby/messages?limit=1`)).toEqual({ status: 200, body: [second] });
    });

    it('take JSON, in whatever letter case its type is given', async () => {
      const { gateway } = await startBoth();
      const response = await fetch(`${gateway}/rooms/lobby/messages`, {
        method: 'POST',
        headers: { 'content-type': 'Application/JSON; Charset=UTF-8' },
        body: '{"author":"ada","text":"hello"}',
      });
      expect(response.status).toBe(201);
    });

    it('are made by their first message, and listed', async () => {
      const { gateway } = await startBoth();
      await post(gateway, 'first', 'tea-room');

      expect(await ask(`${gateway}/rooms`)).toEqual({
        status: 200,
        body: [
          { name: 'lobby', messages: 0 },
          { name: 'tea-room', messages: 1 },
        ],
      });
    });

    it('that nobody made are not found: what chat says becomes the HTTP status', async () => {
      const { gateway } = await startBoth();

      expect(await ask(`${gateway}/rooms/nowhere/messages`)).toEqual({
        status: 404,
        body: { statusCode: 404, error: 'Not Found', message: 'there is no room "nowhere"' },
      });
    });

    it('are bounded in number', async () => {
      const { chat, gateway } = await startBoth();
      const client = directly(chat.server.address);
      for (let made = 1; made < 100; made += 1) {
        await firstValueFrom(client.send('chat.post', { room: `room-${made}`, author: 'ada', text: 'hi' }));
      }

      const reply = await ask(`${gateway}/rooms/one-more/messages`, 'POST', { author: 'ada', text: 'hi' });
      expect(reply).toMatchObject({
        status: 409,
        body: { message: 'there are 100 rooms already, and no more can be made' },
      });
      await post(gateway, 'the others still work');
    });

    it('forget the oldest messages beyond their bound', async () => {
      const { chat, gateway } = await startBoth();
      const client = directly(chat.server.address);
      const first = await post(gateway, 'first');
      for (let n = 1; n <= 500; n += 1) {
        await firstValueFrom(client.send('chat.post', { room: 'lobby', author: 'ada', text: String(n) }));
      }

      expect((await ask(`${gateway}/rooms`)).body).toEqual([{ name: 'lobby', messages: 500 }]);
      const stream = await follow(`${gateway}/rooms/lobby/follow`, first.id);
      await stream.until(({ data }) => data.length === 500);
      expect(textsOf(stream)).toEqual(Array.from({ length: 500 }, (_, index) => String(index + 1)));
    });
  });

  describe('bad input', () => {
    it.each([
      ['no text', { author: 'ada' }, 'text '],
      ['white space', { author: 'ada', text: '   ' }, 'text must hold more than white space'],
      [
        'a long text',
        { author: 'ada', text: 'x'.repeat(2_001) },
        'text must be shorter than or equal to 2000',
      ],
      ['a name with a line break', { author: 'a\nb', text: 'hi' }, 'author must be 1 to 40'],
      ['a member too many', { author: 'ada', text: 'hi', admin: true }, 'property admin should not exist'],
    ])('%s is refused by the gateway', async (_, body, message) => {
      const { gateway } = await startBoth();

      const reply = await ask(`${gateway}/rooms/lobby/messages`, 'POST', body);
      expect(reply).toMatchObject({ status: 400, body: { error: 'Bad Request' } });
      expect((reply.body as { message: string[] }).message).toContainEqual(expect.stringContaining(message));
      expect((await ask(`${gateway}/rooms/lobby/messages`)).body).toEqual([]);
    });

    it.each(['Lobby', '-', 'a'.repeat(33), '%2f', 'caf%C3%A9'])('room name %s is refused', async (room) => {
      const { gateway } = await startBoth();

      for (const path of ['messages', 'follow']) {
        expect((await ask(`${gateway}/rooms/${room}/${path}`)).status).toBe(400);
      }
    });

    it.each(['0', '101', '1.5', 'many', ''])('limit "%s" is refused', async (limit) => {
      const { gateway } = await startBoth();

      expect((await ask(`${gateway}/rooms/lobby/messages?limit=${limit}`)).status).toBe(400);
    });

    it('is refused by chat too, which may have other callers', async () => {
      const { chat } = await startBoth();
      const client = directly(chat.server.address);

      expect(
        await errorOf(client.send('chat.post', { room: 'lobby', author: 'ada', text: '' })),
      ).toMatchObject({
        status: 400,
        response: { message: expect.arrayContaining([expect.stringContaining('text must be')]) },
      });
      const event = client.emit('chat.presence', { name: 'ada', state: 'asleep' }, { acknowledge: true });
      expect(await errorOf(event)).toMatchObject({ status: 400 });
    });
  });

  describe('people', () => {
    it('say that they are there, until they say otherwise', async () => {
      const { gateway } = await startBoth();
      const tell = (name: string, state: string): Promise<Reply> =>
        ask(`${gateway}/people/${name}`, 'PUT', { state });

      expect(await tell('ada', 'online')).toEqual({ status: 204, body: undefined });
      expect(await tell('bob', 'away')).toEqual({ status: 204, body: undefined });
      expect((await ask(`${gateway}/people`)).body).toMatchObject([
        { name: 'ada', state: 'online' },
        { name: 'bob', state: 'away' },
      ]);
      await tell('ada', 'offline');
      expect((await ask(`${gateway}/people`)).body).toMatchObject([{ name: 'bob', state: 'away' }]);
      expect((await tell('ada', 'asleep')).status).toBe(400);
    });
  });

  describe('a follower', () => {
    it('gets what was said, and then what is said, in its room only', async () => {
      const { gateway } = await startBoth();
      const before = await post(gateway, 'before');
      const stream = await follow(`${gateway}/rooms/lobby/follow`);
      await stream.until(({ data }) => data.length === 1);
      await post(gateway, 'elsewhere', 'other');
      const after = await post(gateway, 'after');
      await stream.until(({ data }) => data.length === 2);

      expect(stream.data).toEqual([before, after]);
      expect(stream.events.map(({ id }) => id)).toEqual([before.id, after.id]);
    });

    it('goes on after the message that it names, and gets more than the recent ones for it', async () => {
      const { chat, gateway } = await startBoth();
      const first = await post(gateway, 'first');
      const client = directly(chat.server.address);
      for (let n = 1; n <= 120; n += 1) {
        await firstValueFrom(client.send('chat.post', { room: 'lobby', author: 'ada', text: String(n) }));
      }

      const stream = await follow(`${gateway}/rooms/lobby/follow`, first.id);
      await stream.until(({ data }) => data.length === 120);
      expect(textsOf(stream)).toEqual(Array.from({ length: 120 }, (_, index) => String(index + 1)));
    });

    it('gets the recent messages when the id is no id', async () => {
      const { gateway } = await startBoth();
      await post(gateway, 'hello');

      const stream = await follow(`${gateway}/rooms/lobby/follow`, 'no id at all!');
      await stream.until(({ data }) => data.length === 1);
      expect(textsOf(stream)).toEqual(['hello']);
    });

    it('that leaves is forgotten by chat', async () => {
      const { chat, gateway } = await startBoth();
      const runningCalls = (): number => chat.server.connections[0]?.runningCalls ?? -1;
      const stream = await follow(`${gateway}/rooms/lobby/follow`);
      await eventually(runningCalls, (count) => count === 1);

      stream.close();
      expect(await eventually(runningCalls, (count) => count === 0)).toBe(0);
    });

    it('hears the end when the gateway stops, which waits for nobody', async () => {
      const chat = await startChat();
      const app = await createGateway({ chat: { url: chat.server.address } }, logger);
      await app.listen(0, '127.0.0.1');
      const gateway = await app.getUrl();
      const stream = await follow(`${gateway}/rooms/lobby/follow`);
      await post(gateway, 'hello');
      await stream.until(({ data }) => data.length === 1);

      const startedAt = performance.now();
      await app.close();
      expect(performance.now() - startedAt).toBeLessThan(GIVES_UP_MS);
      await expect(stream.ended).resolves.toBeUndefined();
      expect(stream.events.map(({ type }) => type)).toEqual([undefined]);
      await eventually(
        () => chat.server.connections,
        (connections) => connections.length === 0,
      );
    });
  });

  describe('while chat is away', () => {
    it('the gateway runs, and says that it is not well', async () => {
      const gateway = await startGateway({ url: await freeUrl() });

      expect(await ask(`${gateway}/health`)).toMatchObject({
        status: 503,
        body: { status: 'error', error: { chat: { status: 'down' } } },
      });
      expect(await report(gateway)).toMatchObject({ status: 'connecting', liveness: null, reconnects: 0 });
    });

    it('a request waits for its deadline, and is answered with what may be done', async () => {
      const gateway = await startGateway({ url: await freeUrl(), callTimeoutMs: 50 });

      expect(await ask(`${gateway}/rooms/lobby/messages`, 'POST', { author: 'ada', text: 'hi' })).toEqual({
        status: 503,
        body: {
          statusCode: 503,
          error: 'Service Unavailable',
          message: 'chat: the call could not be sent in time',
          code: 'DEADLINE_EXCEEDED',
          retryable: true,
          sent: 'never',
        },
      });
    });

    it('a follower may come already', async () => {
      const url = await freeUrl();
      const gateway = await startGateway({ url, callTimeoutMs: 2_000 });
      const stream = await follow(`${gateway}/rooms/lobby/follow`);
      // So the time of a call is over.
      const early = { author: 'ada', text: 'too early' };
      expect(await ask(`${gateway}/rooms/lobby/messages`, 'POST', early)).toMatchObject({ status: 503 });

      await startChat({ url });
      await connected(gateway);
      await post(gateway, 'hello');
      await stream.until(({ data }) => data.length === 1);
      expect(textsOf(stream)).toEqual(['hello']);
    });
  });

  describe('when the connection to chat breaks', () => {
    it('says so, and that it is back, at /health and /connections and in the log', async () => {
      const { server } = await startChat();
      const proxy = await FaultProxy.to(server.address);
      afterwards(() => proxy.close());
      const gateway = await startGateway({ url: proxy.url });
      const before = await connected(gateway);
      expect(await ask(`${gateway}/health`)).toMatchObject({
        status: 200,
        body: {
          status: 'ok',
          details: { chat: { status: 'up', endpoints: [{ endpoint: proxy.url, state: 'alive' }] } },
        },
      });
      expect(before).toMatchObject({
        url: proxy.url,
        liveness: { state: 'alive', missed: 0 },
        lostAt: null,
        backAt: null,
      });

      proxy.target = undefined;
      proxy.reset();
      const lost = await eventually(
        () => report(gateway),
        ({ status }) => status === 'reconnecting',
      );
      expect(lost).toMatchObject({ liveness: null, reconnects: 0, lostAt: expect.any(String), backAt: null });
      expect((await ask(`${gateway}/health`)).status).toBe(503);

      proxy.target = server.address;
      const back = await connected(gateway, 1);
      expect(Date.parse(back.backAt ?? '')).toBeGreaterThanOrEqual(Date.parse(back.lostAt ?? ''));
      expect((await ask(`${gateway}/health`)).status).toBe(200);
      expect(logger.texts('warn')).toContainEqual(expect.stringContaining('Lost the connection to'));
      expect(logger.texts('log').filter((line) => line.startsWith('Connected to'))).toHaveLength(2);
    });

    it.each([
      ['goes on in its session', {}],
      ['follows anew where it was, in a new session', { resumeWindowMs: 0 }],
    ])('a follower %s: nothing twice, nothing left out', async (_, options) => {
      const { server } = await startChat(options);
      const proxy = await FaultProxy.to(server.address);
      afterwards(() => proxy.close());
      const gateway = await startGateway({ url: proxy.url, ...options });
      await connected(gateway);
      const stream = await follow(`${gateway}/rooms/lobby/follow`);
      await post(gateway, 'before');
      await stream.until(({ data }) => data.length === 1);
      const client = directly(server.address);
      const say = (text: string): Promise<unknown> =>
        firstValueFrom(client.send('chat.post', { room: 'lobby', author: 'ada', text }));

      const expected = ['before'];
      for (let round = 1; round <= 3; round += 1) {
        const missed = Array.from({ length: 60 }, (__, index) => `${round}.${index}`);
        proxy.target = undefined;
        proxy.reset();
        for (const text of missed) await say(text);
        proxy.target = server.address;
        await connected(gateway, round);
        await say(`after ${round}`);
        expected.push(...missed, `after ${round}`);
        await stream.until(({ data }) => data.length >= expected.length);
      }

      expect(textsOf(stream)).toEqual(expected);
    });
  });

  describe('when chat is restarted', () => {
    it('in order, a follower stays and hears the new one', async () => {
      const url = await freeUrl();
      const old = await createChat({ url }, {}, logger);
      await old.app.listen();
      const gateway = await startGateway({ url });
      const stream = await follow(`${gateway}/rooms/lobby/follow`);
      await post(gateway, 'one');
      await stream.until(({ data }) => data.length === 1);

      const startedAt = performance.now();
      await old.app.close();
      expect(performance.now() - startedAt).toBeLessThan(GIVES_UP_MS);
      await startChat({ url });
      await connected(gateway, 1);
      const two = await post(gateway, 'two');
      await stream.until(({ data }) => data.length === 2);

      expect(textsOf(stream)).toEqual(['one', 'two']);
      expect(stream.events.at(-1)).toMatchObject({ id: two.id });
      expect(stream.comments).toEqual(
        expect.arrayContaining(['the connection to chat: reconnecting', 'the connection to chat: connected']),
      );
      expect(stream.events.some(({ type }) => type === 'error')).toBe(false);
    });

    it('after a crash, a follower gets all that the new one has', async () => {
      const [old, young] = [await startChat(), await startChat()];
      const proxy = await FaultProxy.to(old.server.address);
      afterwards(() => proxy.close());
      const gateway = await startGateway({ url: proxy.url });
      const stream = await follow(`${gateway}/rooms/lobby/follow`);
      for (const text of ['one', 'two', 'three']) await post(gateway, text);
      await stream.until(({ data }) => data.length === 3);

      const client = directly(young.server.address);
      await firstValueFrom(client.send('chat.post', { room: 'lobby', author: 'bob', text: 'meanwhile' }));
      proxy.target = young.server.address;
      proxy.reset();
      await connected(gateway, 1);
      await post(gateway, 'four');
      await stream.until(({ data }) => data.length === 5);

      expect(textsOf(stream)).toEqual(['one', 'two', 'three', 'meanwhile', 'four']);
    });
  });

  it('greets at once, as the health check of Compose expects', async () => {
    const { server } = await startChat();
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
    afterwards(() => socket.destroy());
    const [greeting] = await new Promise<[Buffer]>((resolve) =>
      socket.once('data', (bytes) => resolve([bytes])),
    );

    expect(greeting.includes('welcome')).toBe(true);
  });
});
