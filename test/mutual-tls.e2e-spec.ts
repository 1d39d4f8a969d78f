import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern } from '@nestjs/microservices';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Credentials,
  type ConnectingPeer,
  type HeartwireClient,
  type HeartwireClientOptions,
  HeartwireContext,
  type HeartwireServerOptions,
} from 'heartwire';
import type { TLSSocket } from 'node:tls';
import { firstValueFrom } from 'rxjs';

import { Authority, type Identity } from './support/authority.js';
import { type Served, Stage } from './support/stage.js';
import { until } from './support/until.js';

type ClientTls = NonNullable<HeartwireClientOptions['tls']>;
type ServerOptions = Omit<HeartwireServerOptions, 'url' | 'urls'>;

@Controller()
class WhoController {
  @MessagePattern('who')
  who(@Ctx() { connection }: HeartwireContext<{ service: string }>): unknown {
    const { identity, peerCertificate: certificate } = connection;
    return {
      service: (identity as { service: string } | undefined)?.service ?? null,
      name: certificate?.subject.CN ?? null,
      issuer: certificate?.issuer.CN ?? null,
      names: certificate?.subjectaltname ?? null,
      fingerprint: certificate?.fingerprint256 ?? null,
    };
  }
}

describe('mutual TLS', () => {
  const stage = new Stage();
  let clients: Authority;
  let server: Identity;
  let ca: string;
  let gateway: Identity;

  beforeAll(async () => {
    const servers = await Authority.create('The servers');
    clients = await Authority.create('The clients');
    ({ ca } = servers);
    server = await servers.issue('orders');
    gateway = await clients.issue('gateway', { names: [{ type: 'dns', value: 'gateway.internal' }] });
  });

  afterEach(() => stage.clear());

  const serve = (options: ServerOptions = {}): Promise<Served> => {
    const tls = { ...server, ca: clients.ca, requestCert: true, ...options.tls };
    return stage.serve(
      { controllers: [WhoController] },
      { url: 'tls://127.0.0.1:0', server: { ...options, tls } },
    );
  };

  const client = (url: string, tls: ClientTls, options: object = {}): HeartwireClient =>
    stage.client(url, { tls, strict: true, ...options });

  const who = (of: HeartwireClient): Promise<unknown> => firstValueFrom(of.send('who', {}));

  const refusalOf = (of: HeartwireClient): Promise<unknown> =>
    of.connect().then(
      () => 'it connected',
      (error: unknown) => error,
    );

  it('shows a handler the certificate of its caller', async () => {
    const { url } = await serve();
    expect(await who(client(url, { ca, ...gateway }))).toEqual({
      service: null,
      name: 'gateway',
      issuer: 'The clients',
      names: 'DNS:gateway.internal',
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
  });

  it('turns away a client without a certificate, and both ends know why', async () => {
    const { url, server: heartwire } = await serve();
    expect(await refusalOf(client(url, { ca }))).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      retryable: true,
      sent: 'never',
      message: expect.stringContaining('the other end wants a certificate'),
    });
    await until('the server tells', () =>
      stage.logger.texts('warn').some((line) => line.includes('the other end shows no certificate')),
    );
    expect(heartwire.connections).toEqual([]);
  });

  it.each<[string, () => Promise<Identity>, string]>([
    [
      'of another authority',
      async () => (await Authority.create('A stranger')).issue('gateway'),
      'no authority that is trusted here',
    ],
    [
      'that has expired',
      () => clients.issue('gateway', { notAfter: new Date(Date.now() - 1_000) }),
      'has expired (CERT_HAS_EXPIRED)',
    ],
  ])('turns away a client with a certificate %s', async (_, make, reason) => {
    const { url, server: heartwire } = await serve();
    expect(await refusalOf(client(url, { ca, ...(await make()) }))).toMatchObject({
      code: 'HANDSHAKE_FAILED',
      retryable: true,
      message: expect.stringContaining('another certificate'),
    });
    await until('the server tells', () => stage.logger.texts('warn').some((line) => line.includes(reason)));
    expect(heartwire.connections).toEqual([]);
  });

  it('may let in who has no good certificate, but then shows none', async () => {
    const { url } = await serve({ tls: { rejectUnauthorized: false } });
    const stranger = await (await Authority.create('A stranger')).issue('gateway');
    for (const tls of [{ ca }, { ca, ...stranger }]) {
      expect(await who(client(url, tls))).toMatchObject({ name: null, fingerprint: null });
    }
    expect(await who(client(url, { ca, ...gateway }))).toMatchObject({ name: 'gateway' });
  });

  it('does not look at certificates that it has not asked for', async () => {
    const { url } = await stage.serve(
      { controllers: [WhoController] },
      { url: 'tls://127.0.0.1:0', server: { tls: server } },
    );
    expect(await who(client(url, { ca, ...gateway }))).toMatchObject({ name: null });
  });

  it('can trust another authority from now on', async () => {
    const { url, server: heartwire } = await serve();
    const next = await Authority.create('The next clients');
    heartwire.setSecureContext({ ...server, ca: next.ca });
    expect(await refusalOf(client(url, { ca, ...gateway }))).toMatchObject({ code: 'HANDSHAKE_FAILED' });
    expect(await who(client(url, { ca, ...(await next.issue('gateway')) }))).toMatchObject({
      issuer: 'The next clients',
    });
  });

  it('shows the new certificate of a client whose session goes on', async () => {
    const { url, server: heartwire } = await serve();
    const events: string[] = [];
    heartwire.connections$.subscribe(({ type }) => events.push(type));
    const renewed = await clients.issue('renewed gateway');
    const shown = [gateway, renewed];
    const caller = client(url, () => ({ ca, ...(shown.shift() ?? renewed) }), {
      reconnect: { firstMaxMs: 5 },
    });
    expect(await who(caller)).toMatchObject({ name: 'gateway' });
    caller.unwrap<TLSSocket>().destroy();
    await until('the session goes on', () => events.includes('resumed'));
    expect(await who(caller)).toMatchObject({ name: 'renewed gateway' });
  });

  it('is enough for authenticate to tell who it is, without a token', async () => {
    const authenticate = (
      { token }: Credentials,
      { peerCertificate, remote }: ConnectingPeer,
    ): { service: unknown } | false =>
      token === undefined && remote.startsWith('tls://') && { service: peerCertificate?.subject.CN };
    const { url } = await serve({ authenticate });
    expect(await who(client(url, { ca, ...gateway }))).toMatchObject({ service: 'gateway' });
  });
});
