import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ConnectionEvent,
  type ConnectionStatus,
  type Credentials,
  type HeartwireClient,
  HeartwireContext,
  type HeartwireServer,
  type HeartwireServerOptions,
} from 'heartwire';
import type { Socket } from 'node:net';
import { filter, firstValueFrom } from 'rxjs';

import { deferred } from './support/deferred.js';
import { errorOf } from './support/outcome.js';
import { RawPeer } from './support/raw-peer.js';
import { RawServer } from './support/raw-server.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

type ServerOptions = Omit<HeartwireServerOptions, 'url' | 'urls'>;

interface User {
  readonly name: string;
  readonly roles: readonly string[];
}

const HELLO = { type: 'hello', protocol: 1 };
const REFUSED = { type: 'error', code: 'UNAUTHENTICATED', message: 'the credentials were not accepted' };
const AT_ONCE = { firstMaxMs: 5, baseMs: 5, growthMs: 1, maxMs: 1 };

/** Knows each user by the token `<name>-token`. */
function authenticate({ token }: Credentials): User | undefined {
  const [, name] = /^(\w+)-token$/.exec(token ?? '') ?? [];
  return name === undefined ? undefined : { name, roles: ['reader'] };
}

@Controller()
class DeskController {
  readonly runs: string[] = [];
  readonly gate = deferred();

  @MessagePattern('whoami')
  whoAmI(@Ctx() { connection }: HeartwireContext<User>): string {
    return `${connection.identity.name}, ${connection.identity.roles.join()}`;
  }

  @MessagePattern('run')
  run(@Payload() what: string): string {
    this.runs.push(what);
    return `${what} is done`;
  }

  @MessagePattern('wait')
  async wait(@Payload() what: string): Promise<string> {
    this.runs.push(what);
    await this.gate.promise;
    return `${what} is done`;
  }

  @EventPattern('told')
  told(@Payload() what: string): void {
    this.runs.push(what);
  }
}

describe('a server that authenticates', () => {
  const stage = new Stage();
  const peers: RawPeer[] = [];
  let server: HeartwireServer;
  let desk: DeskController;
  let url: string;
  let events: ConnectionEvent['type'][] = [];

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    desk.gate.resolve();
    events = [];
    await stage.clear();
  });

  const serve = async (options: ServerOptions = {}): Promise<void> => {
    const served = await stage.serve(
      { controllers: [DeskController] },
      { server: { authenticate, ...options } },
    );
    ({ server, url } = served);
    desk = served.app.get(DeskController);
    server.connections$.subscribe(({ type }) => events.push(type));
  };

  const raw = async (...messages: readonly unknown[]): Promise<RawPeer> => {
    const peer = await RawPeer.connect(url);
    peers.push(peer);
    if (messages.length > 0) peer.send(...messages);
    return peer;
  };

  const becomes = (client: HeartwireClient, status: ConnectionStatus): Promise<ConnectionStatus> =>
    firstValueFrom(client.status.pipe(filter((now) => now === status)));

  const whoAmI = (client: HeartwireClient): Promise<unknown> => firstValueFrom(client.send('whoami', {}));

  it.each([
    ['a text', 'ada-token'],
    ['a function', () => 'ada-token'],
    ['a function that takes its time', () => Promise.resolve('ada-token')],
  ])('tells handlers who the caller is, by a token that is %s', async (_, token) => {
    await serve();
    expect(await whoAmI(stage.client(url, { token }))).toBe('ada, reader');
  });

  it('may take its time, and may ask for the name of the client', async () => {
    const asked: Credentials[] = [];
    await serve({
      authenticate: async (credentials) => {
        asked.push(credentials);
        await Promise.resolve();
        return authenticate(credentials);
      },
    });
    expect(await whoAmI(stage.client(url, { token: 'ada-token', name: 'gateway' }))).toBe('ada, reader');
    expect(asked).toEqual([{ token: 'ada-token', name: 'gateway' }]);
  });

  it('announces that it wants a token', async () => {
    await serve();
    const peer = await raw();
    expect(await peer.received({ type: 'welcome' })).toMatchObject({ authentication: 'token' });
  });

  describe('before it knows who somebody is', () => {
    it('refuses who sends anything without a hello', async () => {
      await serve();
      const refused = [
        { id: 1, pattern: 'run', data: 'work' },
        { pattern: 'told', data: 'news' },
        { type: 'status' },
        { type: 'cancel', id: 1 },
        { type: 'goaway', reason: 'closed', graceMs: 0 },
      ].map(async (message) => {
        const peer = await raw(message);
        expect(await peer.received({ type: 'error' })).toEqual(REFUSED);
        await peer.closed();
        expect(peer.messages.map(({ type }) => type)).toEqual(['welcome', 'error']);
      });
      await Promise.all(refused);
      expect(desk.runs).toEqual([]);
    });

    it('answers pings', async () => {
      const gate = deferred<User>();
      await serve({ authenticate: () => gate.promise });
      const peer = await raw({ type: 'ping', timestamp: 1 }, HELLO, { type: 'ping', timestamp: 2 });
      await peer.received({ type: 'pong', timestamp: 1 });
      await peer.received({ type: 'pong', timestamp: 2 });
      gate.resolve({ name: 'ada', roles: [] });
      await peer.received({ type: 'ready' });
    });

    it('keeps what comes behind hello until it knows, and then serves it in order', async () => {
      const gate = deferred<User>();
      await serve({ authenticate: () => gate.promise });
      const peer = await raw(
        HELLO,
        { pattern: 'told', data: 'first' },
        { id: 1, pattern: 'run', data: 'second' },
        { pattern: 'told', data: 'third' },
        { type: 'ping', timestamp: 1 },
      );
      await peer.received({ type: 'pong' });
      expect(desk.runs).toEqual([]);
      gate.resolve({ name: 'ada', roles: [] });
      expect(await peer.received({ id: 1 })).toMatchObject({ response: 'second is done' });
      expect(desk.runs).toEqual(['first', 'second', 'third']);
    });

    it('never serves what came behind a hello that it refuses', async () => {
      await serve();
      const peer = await raw({ ...HELLO, token: 'wrong' }, { id: 1, pattern: 'run', data: 'work' });
      expect(await peer.received({ type: 'error' })).toEqual(REFUSED);
      peer.send({ id: 2, pattern: 'run', data: 'more' });
      await peer.closed();
      expect(desk.runs).toEqual([]);
    });

    it('keeps no more than a frame of it', async () => {
      await serve({ authenticate: () => new Promise(() => undefined), limits: { maxFrameBytes: 4_096 } });
      const peer = await raw(HELLO);
      for (let id = 1; id <= 30; id += 1) peer.send({ id, pattern: 'run', data: 'work' });
      expect(await peer.received({ type: 'error' })).toMatchObject({ code: 'OVERLOADED' });
      await peer.closed();
    });

    it('waits for hello as long as the handshake may take', async () => {
      await serve({ limits: { handshakeTimeoutMs: 100 } });
      const peer = await raw();
      await peer.closed();
      await until('the connection is gone', () => server.connections.length === 0);
      expect(stage.logger.texts('warn')).toEqual([
        expect.stringMatching(/HANDSHAKE_FAILED, the handshake was not over within 100 ms/),
      ]);
    });

    it('waits as long for the verdict; the client tries again', async () => {
      let asked = 0;
      await serve({
        limits: { handshakeTimeoutMs: 100 },
        authenticate: (credentials) => {
          asked += 1;
          return asked === 1 ? new Promise(() => undefined) : authenticate(credentials);
        },
      });
      // A busy machine may need several attempts to be in time.
      const client = stage.client(url, { token: 'ada-token', reconnect: AT_ONCE, callTimeoutMs: 40_000 });
      expect(await whoAmI(client)).toBe('ada, reader');
      expect(asked).toBe(2);
    });

    it('counts it among the handshakes under way, also when it has sent a ping', async () => {
      await serve({
        authenticate: (credentials) =>
          credentials.token === '' ? new Promise(() => undefined) : authenticate(credentials),
        limits: { handshakes: 2, handshakeTimeoutMs: 60_000 },
      });
      const first = await raw({ type: 'ping', timestamp: 1 });
      await first.received({ type: 'pong' });
      const second = await raw({ ...HELLO, token: '' }, { type: 'ping', timestamp: 1 });
      await second.received({ type: 'pong' });
      expect(await whoAmI(stage.client(url, { token: 'ada-token' }))).toBe('ada, reader');
      await first.closed();
      expect(second.isClosed).toBe(false);
    });

    it('can be closed', async () => {
      await serve({
        authenticate: () => new Promise(() => undefined),
        limits: { handshakeTimeoutMs: 60_000 },
      });
      const silent = await raw();
      const waiting = await raw(HELLO);
      await until('both are there', () => server.connections.length === 2);
      await server.close();
      await Promise.all([silent.closed(), waiting.closed()]);
    });

    it('forgets who leaves in the meantime', async () => {
      const gate = deferred<User>();
      await serve({ authenticate: () => gate.promise });
      const peer = await raw(HELLO, { id: 1, pattern: 'run', data: 'work' });
      await peer.received({ type: 'welcome' });
      peer.socket.end();
      await until('the connection is gone', () => server.connections.length === 0);
      gate.resolve({ name: 'ada', roles: [] });
      const next = await raw(HELLO, { id: 1, pattern: 'run', data: 'more' });
      await next.received({ id: 1 });
      expect(desk.runs).toEqual(['more']);
    });
  });

  describe('a refusal', () => {
    const ways: Readonly<Record<string, () => unknown>> = {
      'it throws': () => JSON.parse('{') as unknown,
      'its promise is rejected': () => Promise.reject(new Error('the database is away')),
      'what is thrown is no error': () => Promise.reject('no'),
      'it knows nobody like that': () => undefined,
      'it gives null': () => null,
      'it gives false': () => Promise.resolve(false),
    };

    it('is the same whatever was wrong', async () => {
      await serve({ authenticate: ({ token = '' }) => ways[token]?.() });
      const refused = [...Object.keys(ways), ''].map(async (token) => {
        const peer = await raw({ ...HELLO, token });
        expect(await peer.received({ type: 'error' })).toEqual(REFUSED);
        await peer.closed();
        expect(peer.messages.map(({ type }) => type)).toEqual(['welcome', 'error']);
      });
      await Promise.all(refused);
      const lines = stage.logger.texts('warn');
      expect(lines).toHaveLength(refused.length);
      for (const line of lines) {
        expect(line).toMatch(
          /^Closing the connection of tcp:.*: UNAUTHENTICATED, the credentials were not accepted: /,
        );
      }
      expect(lines.join('\n')).toContain('the database is away');
    });

    it('is final: the client fails its calls and does not come back', async () => {
      let asked = 0;
      await serve({
        authenticate: () => {
          asked += 1;
          return undefined;
        },
      });
      const client = stage.client(url, { token: 'wrong', reconnect: AT_ONCE });
      const expected = { code: 'UNAUTHENTICATED', sent: 'never', retryable: false };
      const waiting = errorOf(client.send('run', 'work'));
      await expect(client.connect()).rejects.toMatchObject(expected);
      expect(await waiting).toMatchObject(expected);
      expect(await firstValueFrom(client.status)).toBe('closed');
      expect(await errorOf(client.send('run', 'late'))).toMatchObject(expected);
      expect(asked).toBe(1);
      expect(stage.logger.texts('warn').filter((line) => line.includes('no further attempt'))).toHaveLength(
        1,
      );
    });

    it('is not final with reconnect.afterRefusal', async () => {
      await serve();
      const tokens = ['wrong', 'ada-token'];
      const client = stage.client(url, {
        token: () => tokens.shift() ?? '',
        reconnect: { ...AT_ONCE, afterRefusal: true },
      });
      expect(await whoAmI(client)).toBe('ada, reader');
    });

    it('by one of several servers leaves the others', async () => {
      await serve({ authenticate: () => undefined });
      const refusing = url;
      await serve();
      const client = stage.client([refusing, url], { token: 'ada-token', reconnect: AT_ONCE });
      const refused = new Promise((resolve) => {
        client.on('error', resolve);
      });
      expect(await whoAmI(client)).toBe('ada, reader');
      expect(await refused).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(await whoAmI(client)).toBe('ada, reader');
      expect(await firstValueFrom(client.status)).toBe('connected');
    });

    it('by all of several servers is final', async () => {
      await serve({ authenticate: () => undefined });
      const first = url;
      await serve({ authenticate: () => undefined });
      const client = stage.client([first, url], { token: 'ada-token', reconnect: AT_ONCE });
      expect(await errorOf(client.send('run', 'work'))).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(await firstValueFrom(client.status)).toBe('closed');
    });
  });

  describe('a client', () => {
    it('asks for its token at each connect', async () => {
      const seen: unknown[] = [];
      await serve({
        authenticate: ({ token }) => {
          seen.push(token);
          return { name: 'ada', roles: [] };
        },
      });
      let asked = 0;
      const client = stage.client(url, { token: () => `token ${String((asked += 1))}`, reconnect: AT_ONCE });
      await client.connect();
      client.unwrap<Socket>().destroy();
      await until('its session goes on', () => events.includes('resumed'));
      expect(seen).toEqual(['token 1', 'token 2']);
    });

    it.each<[string, () => string]>([
      ['throws', () => JSON.parse('{') as string],
      ['gives an empty text', () => ''],
      ['gives no text', () => 5 as unknown as string],
    ])('whose function %s has failed this once', async (_, first) => {
      await serve();
      const errors: unknown[] = [];
      const answers = [first, (): string => 'ada-token'];
      const client = stage.client(url, { token: () => answers.shift()?.() ?? 'none', reconnect: AT_ONCE });
      client.on('error', (error) => errors.push(error));
      expect(await whoAmI(client)).toBe('ada, reader');
      expect(errors).toMatchObject([{ code: 'HANDSHAKE_FAILED', message: 'the option token gave no token' }]);
    });

    it('without a token says so', async () => {
      const asked: Credentials[] = [];
      await serve({
        authenticate: (credentials) => {
          asked.push(credentials);
          return { name: 'anybody', roles: ['guest'] };
        },
      });
      expect(await whoAmI(stage.client(url))).toBe('anybody, guest');
      expect(asked).toEqual([{ token: undefined, name: undefined }]);
    });

    it('gives its token to nobody who does not ask for it, and says hello to nobody who says nothing', async () => {
      const other = stage.track(await RawServer.listen());
      desk = new DeskController();
      const client = stage.client(other.url, { token: 'ada-token', reconnect: AT_ONCE });
      client.connect().catch(() => undefined);
      const peer = await other.peer(0);
      peer.send({ type: 'ping', timestamp: 1 });
      await peer.received({ type: 'pong' });
      expect(peer.messages.map(({ type }) => type)).not.toContain('hello');
      const greeted = await other.greeted(0);
      expect(await greeted.received({ type: 'hello' })).not.toHaveProperty('token');
      await client.close();
    });
  });

  describe('a session that goes on', () => {
    it('needs the same identity, by value: then nothing of it is lost', async () => {
      await serve();
      const client = stage.client(url, { token: 'ada-token', reconnect: AT_ONCE });
      const answer = firstValueFrom(client.send('wait', 'work'));
      await until('it runs', () => desk.runs.length > 0);
      client.unwrap<Socket>().destroy();
      await until('its session goes on', () => events.includes('resumed'));
      desk.gate.resolve();
      expect(await answer).toBe('work is done');
      expect(desk.runs).toEqual(['work']);
    });

    it('goes on with what came right behind the hello', async () => {
      await serve();
      const first = await raw({ ...HELLO, token: 'ada-token' });
      const { session, secret } = await first.received({ type: 'ready' });
      first.close();
      await until('it waits', () => events.includes('suspended'));
      const resume = { session, secret, received: 0 };
      const next = await raw(
        { ...HELLO, token: 'ada-token', resume },
        { id: 1, pattern: 'whoami', data: {} },
      );
      expect(await next.received({ type: 'ready' })).toMatchObject({ resumed: true, session });
      expect(await next.received({ id: 1 })).toMatchObject({ response: 'ada, reader' });
    });

    it('is not given to another identity, which gets a session of its own', async () => {
      await serve();
      const ada = await raw({ ...HELLO, token: 'ada-token' });
      const { session, secret } = await ada.received({ type: 'ready' });
      const resume = { session, secret, received: 0 };
      const bob = await raw({ ...HELLO, token: 'bob-token', resume });
      expect(await bob.received({ type: 'ready' })).toMatchObject({ resumed: false });
      bob.send({ id: 1, pattern: 'whoami', data: {} });
      expect(await bob.received({ id: 1 })).toMatchObject({ response: 'bob, reader' });
      ada.send({ id: 1, pattern: 'whoami', data: {} });
      expect(await ada.received({ id: 1 })).toMatchObject({ response: 'ada, reader' });
      expect(stage.logger.texts('warn')).toEqual([expect.stringContaining('is of another identity')]);
    });

    it('is not given to who knows its secret and has no good token, and is unharmed', async () => {
      await serve();
      const ada = await raw({ ...HELLO, token: 'ada-token' });
      const { session, secret } = await ada.received({ type: 'ready' });
      const thief = await raw({ ...HELLO, token: 'x', resume: { session, secret, received: 0 } });
      expect(await thief.received({ type: 'error' })).toEqual(REFUSED);
      ada.send({ id: 1, pattern: 'whoami', data: {} });
      expect(await ada.received({ id: 1 })).toMatchObject({ response: 'ada, reader' });
    });

    it('is over when its token is refused, and with it what ran', async () => {
      let isOpen = true;
      await serve({ authenticate: (credentials) => (isOpen ? authenticate(credentials) : undefined) });
      const client = stage.client(url, { token: 'ada-token', reconnect: AT_ONCE });
      const failing = errorOf(client.send('wait', 'work'));
      await until('it runs', () => desk.runs.length > 0);
      isOpen = false;
      client.unwrap<Socket>().destroy();
      expect(await failing).toMatchObject({
        code: 'CONNECTION_LOST',
        sent: 'maybe',
        cause: { code: 'UNAUTHENTICATED' },
      });
      await becomes(client, 'closed');
    });
  });

  it('reaches its clients by who they are', async () => {
    await serve({ authenticate: ({ token = '' }) => (token === 'bob' ? token : { id: token }) });
    const [ada, bob] = [await raw({ ...HELLO, token: 'ada' }), await raw({ ...HELLO, token: 'bob' })];
    await ada.received({ type: 'ready' });
    await bob.received({ type: 'ready' });
    server.hub.to({ identity: 'ada' }).emit('said', 'hello ada');
    server.hub.to({ identity: 'bob' }).emit('said', 'hello bob');
    expect(await ada.received({ pattern: 'said' })).toMatchObject({ data: 'hello ada' });
    expect(await bob.received({ pattern: 'said' })).toMatchObject({ data: 'hello bob' });
  });

  it('pushes nothing to who is not let in', async () => {
    const gate = deferred<string>();
    await serve({ authenticate: () => gate.promise });
    const peer = await raw(HELLO, { type: 'ping', timestamp: 1 });
    await peer.received({ type: 'pong' });
    const [connection] = server.connections;
    server.hub.broadcast.emit('said', 'for members only');
    server.hub.to({ client: connection?.clientId ?? '' }).emit('said', 'for members only');
    gate.resolve('ada');
    await peer.received({ type: 'ready' });
    server.hub.broadcast.emit('said', 'welcome');
    expect(await peer.received({ pattern: 'said' })).toMatchObject({ data: 'welcome' });
  });

  it('asks nobody who they are where it has no authenticate', async () => {
    await serve({ authenticate: undefined });
    const peer = await raw({ id: 1, pattern: 'run', data: 'work' });
    expect(await peer.received({ id: 1 })).toMatchObject({ response: 'work is done' });
    expect(server.connections).toHaveLength(1);
  });
});
