import { once } from 'node:events';
import {
  type AddressInfo,
  connect as connectPlain,
  createServer as createPlainServer,
  type Socket,
} from 'node:net';
import { type TLSSocket, connect as connectTls } from 'node:tls';

import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ConnectionStatus,
  type HeartwireClient,
  type HeartwireClientOptions,
  HeartwireServer,
} from 'heartwire';
import { filter, firstValueFrom } from 'rxjs';

import { Authority, type Identity } from './support/authority.js';
import { CallsController } from './support/calls.controller.js';
import { freeUrl } from './support/free-url.js';
import { errorOf } from './support/outcome.js';
import { type Served, Stage } from './support/stage.js';
import { until } from './support/until.js';

type ClientOptions = Omit<HeartwireClientOptions, 'url' | 'urls'>;

const tlsUrl = 'tls://127.0.0.1:0';
const call = (client: HeartwireClient): Promise<unknown> => firstValueFrom(client.send('time left', 'it'));

const becomes = (client: HeartwireClient, status: ConnectionStatus): Promise<ConnectionStatus> =>
  firstValueFrom(client.status.pipe(filter((now) => now === status)));

/** Why a client that tries once doesn't connect. */
async function refusalOf(client: HeartwireClient): Promise<unknown> {
  return client.connect().then(
    () => 'it connected',
    (error: unknown) => error,
  );
}

describe('over tls://', () => {
  const stage = new Stage();
  const closers: (() => void)[] = [];
  let authority: Authority;
  let identity: Identity;

  beforeAll(async () => {
    authority = await Authority.create();
    identity = await authority.issue('orders');
  });

  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await stage.clear();
  });

  const serve = (tls: object = identity, options: object = {}): Promise<Served> =>
    stage.serve({ controllers: [CallsController] }, { url: tlsUrl, server: { tls, ...options } });

  const strict = (url: string, options: ClientOptions = {}): HeartwireClient =>
    stage.client(url, { strict: true, tls: { ca: authority.ca }, ...options });

  /** A server of bytes that says what the test wants, or nothing. */
  const plainServer = async (first?: Uint8Array): Promise<string> => {
    const server = createPlainServer((socket) => {
      socket.on('error', () => undefined).on('data', () => undefined);
      if (first !== undefined) socket.write(first);
      closers.push(() => socket.destroy());
    }).listen(0, '127.0.0.1');
    closers.push(() => server.close());
    await once(server, 'listening');
    return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };

  /** One that connects, and speaks no TLS. */
  const plainClient = async (url: string): Promise<Socket> => {
    const socket = connectPlain(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    closers.push(() => socket.destroy());
    // Otherwise nobody notices that the other end has closed.
    socket.resume();
    await once(socket, 'connect');
    return socket;
  };

  it('calls are answered, and nothing of them can be read on the way', async () => {
    const { url, server } = await serve();
    expect(url).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
    const client = strict(url);
    expect(await call(client)).toBeGreaterThan(0);
    expect(client.unwrap<TLSSocket>().encrypted).toBe(true);
    expect(client.unwrap<TLSSocket>().authorized).toBe(true);
    expect(server.connections).toMatchObject([{ remote: expect.stringMatching(/^tls:\/\/127\.0\.0\.1:/) }]);
    expect(client.endpoints).toMatchObject([{ endpoint: url, isConnected: true }]);
  });

  it('many calls at once and large ones come through whole', async () => {
    const { url } = await stage.serve(
      { controllers: [CallsController] },
      { url: tlsUrl, server: { tls: identity } },
    );
    const client = strict(url);
    const large = 'x'.repeat(2_000_000);
    const answers = await Promise.all([
      ...Array.from({ length: 500 }, () => call(client)),
      firstValueFrom(client.send('time left', large)),
    ]);
    expect(answers).toHaveLength(501);
  });

  it('a session goes on over a new link', async () => {
    const { url, server } = await serve();
    const events: string[] = [];
    server.connections$.subscribe(({ type }) => events.push(type));
    const client = strict(url);
    await client.connect();
    client.unwrap<TLSSocket>().destroy();
    await until('the session goes on', () => events.includes('resumed'));
    expect(await call(client)).toBeGreaterThan(0);
  });

  it('one end that closes in order is heard by the other', async () => {
    const { url, server, app } = await serve();
    const client = strict(url);
    await client.connect();
    await client.close();
    await until('the server has no connection', () => server.connections.length === 0);
    const other = stage.client(url, { tls: { ca: authority.ca } });
    await other.connect();
    await app.close();
    await becomes(other, 'reconnecting');
  });

  it('the name of the url must be in the certificate, wherever its address leads', async () => {
    const { url } = await serve();
    const { port } = new URL(url);
    const resolve = (): Promise<{ host: string; port: number }[]> =>
      Promise.resolve([{ host: '127.0.0.1', port: Number(port) }]);
    expect(await call(strict(`tls://localhost:${port}`, { resolve }))).toBeGreaterThan(0);
    expect(await refusalOf(strict(`tls://orders.example:${port}`, { resolve }))).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      sent: 'never',
      retryable: true,
      message: 'the certificate of the other end is not for "orders.example" (ERR_TLS_CERT_ALTNAME_INVALID)',
    });
    const tls = { ca: authority.ca, servername: 'localhost' };
    expect(await call(strict(`tls://orders.example:${port}`, { resolve, tls }))).toBeGreaterThan(0);
  });

  it('an authority that the client does not know is refused', async () => {
    const { url } = await serve();
    const other = await Authority.create('Somebody else');
    const untrusted = {
      code: 'HANDSHAKE_FAILED',
      message: expect.stringContaining('no authority that is trusted here has signed the certificate'),
    };
    expect(await refusalOf(strict(url, { tls: { ca: other.ca } }))).toMatchObject(untrusted);
    expect(await refusalOf(strict(url, { tls: {} }))).toMatchObject(untrusted);
    expect(await call(strict(url, { tls: { rejectUnauthorized: false } }))).toBeGreaterThan(0);
  });

  it('a certificate that has expired is refused', async () => {
    const { url } = await serve(await authority.issue('orders', { notAfter: new Date(Date.now() - 1_000) }));
    expect(await refusalOf(strict(url))).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      message: 'the certificate of the other end has expired (CERT_HAS_EXPIRED)',
      details: { errno: 'CERT_HAS_EXPIRED' },
    });
  });

  it('a refused certificate is tried again like any other failure, and a good one ends it', async () => {
    const { url, server } = await serve(await authority.issue('orders', { notAfter: new Date(0) }));
    const client = stage.client(url, { tls: { ca: authority.ca }, reconnect: { firstMaxMs: 5, maxMs: 1 } });
    const codes: string[] = [];
    client.on('error', ({ code }) => codes.push(code));
    const answer = call(client);
    await until('it was tried twice', () => codes.length > 1);
    server.setSecureContext(identity);
    expect(await answer).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set(['HANDSHAKE_FAILED']));
  });

  it('an encrypted key works with its passphrase, and only with it', async () => {
    const locked = await authority.issue('orders', { passphrase: 'open sesame' });
    const files = { cert: Buffer.from(locked.cert), key: [Buffer.from(locked.key)] };
    const { url } = await serve({ ...files, passphrase: 'open sesame' });
    expect(await call(strict(url))).toBeGreaterThan(0);
    expect(() => new HeartwireServer({ url: tlsUrl, tls: { ...locked, passphrase: 'hunter2' } })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.not.stringContaining('hunter2') }),
    );
  });

  it('an old version of TLS is refused where a newer one is wanted', async () => {
    const { url } = await serve({ ...identity, minVersion: 'TLSv1.3' });
    const { port } = new URL(url);
    const socket = connectTls({
      host: '127.0.0.1',
      port: Number(port),
      ca: authority.ca,
      maxVersion: 'TLSv1.2',
    });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION/) });
  });

  describe('setSecureContext', () => {
    it('gives new connections the new certificate, and leaves open ones alone', async () => {
      const { url, server } = await serve();
      const first = strict(url);
      await first.connect();
      const next = await Authority.create('The next authority');
      server.setSecureContext(await next.issue('orders'));
      const second = strict(url, { tls: { ca: next.ca } });
      expect(await call(second)).toBeGreaterThan(0);
      expect(await call(first)).toBeGreaterThan(0);
      expect(await refusalOf(strict(url))).toMatchObject({ code: 'HANDSHAKE_FAILED' });
    });

    it('refuses what is no certificate, and all stays as it was', async () => {
      const { url, server } = await serve();
      const other = await authority.issue('orders');
      for (const wrong of [
        {},
        { cert: identity.cert },
        { cert: 'no pem', key: 'no pem' },
        { cert: other.cert, key: identity.key },
        { ...identity, requestCert: true },
      ]) {
        expect(() => server.setSecureContext(wrong)).toThrow(
          expect.objectContaining({ code: 'INVALID_OPTIONS' }),
        );
      }
      expect(await call(strict(url))).toBeGreaterThan(0);
    });

    it('says of what is no object only that', async () => {
      const { server } = await serve();
      const nothing = undefined as unknown as typeof identity;
      expect(() => server.setSecureContext(nothing)).toThrow(/options must be an object: it is undefined$/);
    });

    it('is for servers that listen at a tls:// url', async () => {
      const { server } = await stage.serve({ controllers: [CallsController] });
      expect(() => server.setSecureContext(identity)).toThrow(
        'there is none; write tls:// instead of tcp://',
      );
    });
  });

  describe('a client whose tls is a function', () => {
    it('asks it at each connect', async () => {
      const { url, server } = await serve();
      const next = await Authority.create('The next authority');
      let { ca } = authority;
      let asked = 0;
      const client = stage.client(url, {
        tls: () => {
          asked += 1;
          return Promise.resolve({ ca });
        },
        reconnect: { firstMaxMs: 5 },
      });
      await client.connect();
      server.setSecureContext(await next.issue('orders'));
      ({ ca } = next);
      client.unwrap<TLSSocket>().destroy();
      await becomes(client, 'reconnecting');
      await becomes(client, 'connected');
      expect(asked).toBe(2);
    });

    it.each<[string, () => object, string]>([
      ['throws', () => JSON.parse('{') as object, 'HANDSHAKE_FAILED'],
      ['gives no options', () => ({ certificate: 'x' }), 'INVALID_OPTIONS'],
      ['gives a certificate without a key', () => ({ cert: 'x', key: 'y' }), 'INVALID_OPTIONS'],
    ])('fails to connect when it %s', async (_, tls, code) => {
      const { url } = await serve();
      expect(await refusalOf(strict(url, { tls }))).toMatchObject({ code });
    });

    it('does not wait for it for ever', async () => {
      const { url } = await serve();
      const tls = (): Promise<object> => new Promise(() => undefined);
      expect(await refusalOf(strict(url, { tls, handshakeTimeoutMs: 100 }))).toMatchObject({
        code: 'HANDSHAKE_FAILED',
        message: 'the TLS handshake with 127.0.0.1 took longer than 100 ms',
      });
    });
  });

  describe('with the wrong kind of peer', () => {
    it('a client that speaks TLS to a plain Heartwire server is told so, and so is the server', async () => {
      const { url } = await stage.serve({ controllers: [CallsController] });
      expect(await refusalOf(strict(url.replace('tcp:', 'tls:')))).toMatchObject({
        code: 'HANDSHAKE_FAILED',
        message: expect.stringContaining('the other end does not speak TLS'),
      });
      await until('the server tells', () =>
        stage.logger.texts('warn').some((line) => line.includes('TLS is not spoken here')),
      );
    });

    it('a plain client of a TLS server is told so, and so is the server', async () => {
      const { url } = await serve();
      const client = stage.client(url.replace('tls:', 'tcp:'), { strict: true });
      expect(await refusalOf(client)).toMatchObject({
        code: 'HANDSHAKE_FAILED',
        sent: 'never',
        message: expect.stringContaining('does it want TLS'),
      });
      await until('the server tells', () =>
        stage.logger.texts('warn').some((line) => line.includes('the other end does not speak TLS')),
      );
    });

    it('a server that says nothing is given up in time', async () => {
      const silent = await plainServer();
      expect(await refusalOf(strict(`tls://${silent}`, { handshakeTimeoutMs: 100 }))).toMatchObject({
        code: 'HANDSHAKE_FAILED',
        message: 'the TLS handshake with 127.0.0.1 took longer than 100 ms',
      });
    });

    it('a server that speaks something else is no TLS server', async () => {
      const ssh = await plainServer(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'));
      expect(await refusalOf(strict(`tls://${ssh}`))).toMatchObject({ code: 'HANDSHAKE_FAILED' });
    });

    it('a client that says nothing is cut off in time', async () => {
      const { url, server } = await serve(identity, { limits: { handshakeTimeoutMs: 100 } });
      const socket = connectPlain(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
      await once(socket, 'close');
      expect(server.connections).toEqual([]);
      expect(stage.logger.texts('warn')).toEqual([
        expect.stringMatching(
          /^Closing the connection of .*: HANDSHAKE_FAILED, the other end takes too long over TLS/,
        ),
      ]);
    });

    it('who only looks whether the port is open leaves no trace', async () => {
      const { url, app } = await serve();
      const socket = connectPlain(Number(new URL(url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.end();
      await once(socket, 'close');
      await app.close();
      expect(stage.logger.texts('warn')).toEqual([]);
    });

    it('too many handshakes cost the oldest, and nobody who is quick', async () => {
      const { url } = await serve(identity, { limits: { handshakes: 2, handshakeTimeoutMs: 60_000 } });
      const silent = await Promise.all([1, 2].map(() => plainClient(url)));
      expect(await call(strict(url))).toBeGreaterThan(0);
      await until('one is closed', () => silent.some(({ destroyed }) => destroyed));
      expect(silent.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    });

    it('a connection counts before its handshake', async () => {
      const { url } = await serve(identity, { limits: { connections: 1, handshakeTimeoutMs: 60_000 } });
      const first = await plainClient(url);
      const second = await plainClient(url);
      await until('it is turned away', () => second.destroyed);
      expect(first.destroyed).toBe(false);
      first.destroy();
      expect(await call(stage.client(url, { tls: { ca: authority.ca } }))).toBeGreaterThan(0);
    });

    it('a handshake under way does not keep a server from closing', async () => {
      const { url, app } = await serve(identity, { limits: { handshakeTimeoutMs: 60_000 } });
      const socket = connectPlain(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      const closed = once(socket, 'close');
      await Promise.all([app.close(), closed]);
    });

    it('a client that is closed during the handshake leaves nothing behind', async () => {
      const silent = await plainServer();
      const client = stage.client(`tls://${silent}`);
      const waiting = errorOf(client.send('time left', 'it'));
      await until('it has connected', () => closers.length > 1);
      await client.close();
      expect(await waiting).toMatchObject({ code: 'CLOSED', sent: 'never' });
    });
  });

  describe('options that make no sense', () => {
    it.each<[string, () => unknown, string]>([
      [
        'a server without a certificate',
        () => new HeartwireServer({ url: tlsUrl }),
        'must be given with cert and key',
      ],
      [
        'a certificate without its key',
        () => new HeartwireServer({ url: tlsUrl, tls: { cert: identity.cert } }),
        'must have cert and key together',
      ],
      [
        'tls for tcp://',
        () => new HeartwireServer({ url: 'tcp://127.0.0.1:0', tls: identity }),
        'must not be given without a tls:// or wss:// url',
      ],
      [
        'clients’ certificates without an authority',
        () => new HeartwireServer({ url: tlsUrl, tls: { ...identity, requestCert: true } }),
        'tls.ca must be given with tls.requestCert',
      ],
      [
        'a misspelt option',
        () => new HeartwireServer({ url: tlsUrl, tls: { ...identity, requestCerts: true } as object }),
        'did you mean tls.requestCert?',
      ],
      [
        'a key that is none',
        () => new HeartwireServer({ url: tlsUrl, tls: { ...identity, key: 'mellon' } }),
        "tls can't be used",
      ],
      [
        'a client’s tls for tcp://',
        () => stage.client('tcp://127.0.0.1:1', { tls: { ca: authority.ca } }),
        'must not be given without a tls:// or wss:// url',
      ],
      [
        'a client’s key that is none',
        () => stage.client('tls://127.0.0.1:1', { tls: { cert: 'x', key: 'y' } }),
        "tls can't be used",
      ],
    ])('%s', (_, make, message) => {
      expect(make).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining(message) }),
      );
    });
  });

  it('a client waits for its server as over tcp://', async () => {
    const url = (await freeUrl()).replace('tcp:', 'tls:');
    const client = stage.client(url, { tls: { ca: authority.ca }, reconnect: { firstMaxMs: 5 } });
    await client.connect();
    await stage.serve({ controllers: [CallsController] }, { url, server: { tls: identity } });
    expect(await call(client)).toBeGreaterThan(0);
  });
});
