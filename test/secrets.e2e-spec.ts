import { inspect } from 'node:util';

import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Credentials,
  type HeartwireClient,
  HeartwireContext,
  type HeartwireServer,
  type HeartwireServerOptions,
  type ServerConnection,
} from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { Authority, type Identity } from './support/authority.js';
import { errorOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';
import { Wiretap } from './support/wiretap.js';

const TOKEN = 'user:ada password:correct-horse-battery';
/** No part of a token may show either. */
const PARTS = [TOKEN, 'correct', 'battery'];
const PASSPHRASE = 'open-sesame';
const AT_ONCE = { firstMaxMs: 5, baseMs: 5, growthMs: 1, maxMs: 1 };

@Controller()
class EchoController {
  readonly callers: ServerConnection[] = [];

  @MessagePattern('echo')
  echo(@Payload() text: string, @Ctx() { connection }: HeartwireContext): string {
    this.callers.push(connection);
    return text;
  }
}

function authenticate({ token }: Credentials): object | undefined {
  return token === TOKEN ? { name: 'ada' } : undefined;
}

describe('a secret', () => {
  const stage = new Stage();
  let authority: Authority;
  let identity: Identity & { passphrase: string };
  let server: HeartwireServer;
  let controller: EchoController;
  let tap: Wiretap;
  /** Where the tap listens. */
  let url: string;
  /** What the server told of its connections. */
  let told: unknown[] = [];

  beforeAll(async () => {
    authority = await Authority.create();
    identity = { ...(await authority.issue('orders', { passphrase: PASSPHRASE })), passphrase: PASSPHRASE };
  });

  afterEach(async () => {
    told = [];
    await stage.clear();
  });

  const serve = async (options: Omit<HeartwireServerOptions, 'url' | 'urls'> = {}): Promise<void> => {
    const isSecure = options.tls !== undefined;
    const served = await stage.serve(
      { controllers: [EchoController] },
      { url: `${isSecure ? 'tls' : 'tcp'}://127.0.0.1:0`, server: { authenticate, ...options } },
    );
    ({ server } = served);
    controller = served.app.get(EchoController);
    server.connections$.subscribe((event) => told.push({ ...event, connection: event.connection.snapshot }));
    tap = stage.track(await Wiretap.on(served.url));
    url = `${isSecure ? 'tls' : 'tcp'}://127.0.0.1:${String(tap.port)}`;
  };

  const echo = (client: HeartwireClient, text: string): Promise<unknown> =>
    firstValueFrom(client.send('echo', text));

  /** All that somebody may look at, in writing. */
  const shown = (...more: readonly unknown[]): string =>
    [stage.logger.lines, told, server.connections, ...more].map((part) => inspect(part, { depth: 9 })).join();

  const expectSafe = (text: string): void => {
    const key = identity.key.split('\n')[1] ?? '';
    expect(key).not.toBe('');
    for (const secret of [...PARTS, PASSPHRASE, key]) expect(text).not.toContain(secret);
  };

  it('is not on the wire over tls://: not the token, not the session’s, nothing of a call', async () => {
    await serve({ tls: identity });
    const client = stage.client(url, { token: TOKEN, tls: { ca: authority.ca }, reconnect: AT_ONCE });
    expect(await echo(client, 'what nobody may read')).toBe('what nobody may read');
    const [before] = server.connections;
    tap.cut();
    await until('the session goes on', () => JSON.stringify(told).includes('resumed'));
    expect(await echo(client, 'what nobody may read')).toBe('what nobody may read');
    expect(tap.heard.length).toBeGreaterThan(1_000);
    expectSafe(tap.heard);
    for (const secret of ['what nobody may read', 'hello', before?.clientId]) {
      expect(tap.heard).not.toContain(secret);
    }
  });

  it('is not sent by a client that speaks no TLS to a port that does', async () => {
    await serve({ tls: identity });
    const client = stage.client(url.replace('tls:', 'tcp:'), {
      token: TOKEN,
      strict: true,
      handshakeTimeoutMs: 500,
    });
    await expect(client.connect()).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' });
    expectSafe(tap.heard);
  });

  it('is not sent by a client to a server whose certificate it does not trust', async () => {
    await serve({ tls: { cert: identity.cert, key: identity.key, passphrase: PASSPHRASE } });
    const other = await Authority.create('Another authority');
    const client = stage.client(url, { token: TOKEN, strict: true, tls: { ca: other.ca } });
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'HANDSHAKE_FAILED' });
    expectSafe(tap.heard + shown(error));
  });

  it('is in no log, no error and no snapshot when it is accepted', async () => {
    await serve({ tls: identity });
    const client = stage.client(url, { token: TOKEN, tls: { ca: authority.ca } });
    await echo(client, 'hello');
    expectSafe(shown(client.endpoints));
  });

  it('is not shown by a client, a server or a connection that somebody logs', async () => {
    await serve({ tls: { ...identity, ca: authority.ca, requestCert: true } });
    const client = stage.client(url, { token: TOKEN, tls: { ca: authority.ca, ...identity } });
    await echo(client, 'hello');
    expectSafe(
      [
        inspect(client, { depth: 4 }),
        inspect(server),
        inspect(controller.callers, { depth: 9, showHidden: true }),
        JSON.stringify(controller.callers),
      ].join(),
    );
  });

  it.each<[string, NonNullable<HeartwireServerOptions['authenticate']>]>([
    ['is refused', () => undefined],
    [
      'is in what authenticate throws',
      ({ token = '' }) => {
        throw new Error(`no user for ${token}, which is\n${token.split(':').join(' and ')}`);
      },
    ],
    ['is what authenticate throws', ({ token }) => Promise.reject(token)],
    [
      'is in the cause of what authenticate throws',
      ({ token }) => Promise.reject(new Error('no user', { cause: token })),
    ],
  ])('is in no log and no error when it %s, and the log has one line', async (_, refuse) => {
    await serve({ authenticate: refuse });
    const client = stage.client(url, { token: TOKEN });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    const connecting = client.connect().catch((error: unknown) => error);
    errors.push(await errorOf(client.send('echo', 'hello')), await connecting);
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    const lines = stage.logger.texts('warn').filter((line) => line.startsWith('Closing the connection of'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expectSafe(shown(errors));
  });

  it('is in no error when the function that gives it fails', async () => {
    await serve();
    const client = stage.client(url, {
      strict: true,
      token: () => {
        throw new Error('the vault is closed');
      },
    });
    const error: unknown = await client.connect().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'HANDSHAKE_FAILED', cause: { message: 'the vault is closed' } });
    expect(stage.logger.texts('warn').join()).not.toContain('vault');
  });

  describe('over tcp://', () => {
    const warnings = (): readonly string[] =>
      stage.logger.texts('warn').filter((line) => line.includes('in clear'));

    it('makes a client warn, once, unless it stays on this machine', async () => {
      await serve();
      const { port } = new URL(url);
      const client = stage.client([`tcp://0.0.0.0:${port}`, `tcp://0.0.0.0:1`], {
        token: TOKEN,
        reconnect: AT_ONCE,
      });
      await echo(client, 'hello');
      tap.cut();
      await until('the session goes on', () => JSON.stringify(told).includes('resumed'));
      expect(warnings()).toEqual([
        expect.stringMatching(
          /^A token goes to tcp:\/\/0\.0\.0\.0:\d+ in clear, .*: use tls:\/\/ instead of tcp/,
        ),
      ]);
      expectSafe(shown());
    });

    it.each(['127.0.0.1', 'localhost'])('makes no warning to %s', async (host) => {
      await serve();
      const { port } = new URL(url);
      await echo(stage.client(`tcp://${host}:${port}`, { token: TOKEN }), 'hello');
      expect(warnings()).toEqual([]);
    });

    it('makes no warning when there is none', async () => {
      await serve({ authenticate: undefined });
      const { port } = new URL(url);
      await echo(stage.client(`tcp://0.0.0.0:${port}`), 'hello');
      expect(warnings()).toEqual([]);
    });
  });
});
