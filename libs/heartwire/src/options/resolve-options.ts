import { MAX_TOKEN_CHARACTERS } from '../protocol/wire-members.js';
import type { Address, Target } from './address.js';
import type { TokenSource } from './authenticate.js';
import { isToken } from './checks/secrets.js';
import { ClientOptions, type ResolvedClientOptions } from './client-options.js';
import type { ConnectionLimits } from './limits.js';
import { invalidOptions, readOptions } from './read-options.js';
import { type ResolvedServerOptions, ServerOptions } from './server-options.js';
import { clientTlsFaults, serverTlsFaults } from './tls-faults.js';
import { ClientTlsOptions, type ClientTlsSource, SecureContextOptions } from './tls-options.js';
import { parseUrl } from './url.js';

const MEBIBYTE = 1_024 ** 2;

/**
 * Checks a server's options and fills them in.
 *
 * @throws HeartwireError `INVALID_OPTIONS` that lists every fault
 */
export function resolveServerOptions(input: unknown): ResolvedServerOptions {
  const owner = 'HeartwireServer';
  const { url, urls, limits, heartbeat, tls, allowedOrigins, ...rest } = readOptions(
    ServerOptions,
    input,
    owner,
  );
  const addresses = parsed<Address>(url, urls, (each) => parseUrl(each));
  const faults = serverTlsFaults(addresses, tls, tls.requestCert);
  if (faults.length > 0) throw invalidOptions(owner, faults);
  return Object.freeze({
    ...rest,
    addresses,
    path: rest.path ?? '/heartwire',
    allowedOrigins: typeof allowedOrigins === 'object' ? Object.freeze([...allowedOrigins]) : allowedOrigins,
    tls: () => tls,
    heartbeat: frozen(heartbeat, {}),
    limits: frozen(limits, {
      ...connectionBuffers(limits),
      waitingEventBytes: limits.waitingEventBytes ?? roomFor(limits, 64 * MEBIBYTE),
      suspendedBytes: limits.suspendedBytes ?? roomFor(limits, 256 * MEBIBYTE),
    }),
  });
}

/**
 * Checks a client's options and fills them in.
 *
 * @throws HeartwireError `INVALID_OPTIONS` that lists every fault
 */
export function resolveClientOptions(input: unknown): ResolvedClientOptions {
  const owner = 'HeartwireClient';
  const { url, urls, limits, heartbeat, reconnect, tls, token, ...rest } = readOptions(
    ClientOptions,
    input,
    owner,
  );
  const targets = parsed<Target>(url, urls, (each) => parseUrl(each, 'client'));
  const faults = clientTlsFaults(targets, tls);
  if (faults.length > 0) throw invalidOptions(owner, faults);
  return Object.freeze({
    ...rest,
    targets,
    token: tokenSource(token),
    tls: tlsSource(tls),
    heartbeat: frozen(heartbeat, {}),
    reconnect: frozen(reconnect, {}),
    limits: frozen(limits, {
      ...connectionBuffers(limits),
      waitingBytes: limits.waitingBytes ?? roomFor(limits, 64 * MEBIBYTE),
    }),
  });
}

/**
 * Checks the certificate that a server is to have from now on.
 *
 * @throws HeartwireError `INVALID_OPTIONS` that lists every fault
 */
export function resolveSecureContext(
  input: unknown,
  { addresses, tls }: ResolvedServerOptions,
): SecureContextOptions {
  const owner = 'setSecureContext';
  const context = readOptions(SecureContextOptions, input, owner);
  const faults = serverTlsFaults(addresses, context, tls().requestCert);
  if (faults.length > 0) throw invalidOptions(owner, faults);
  return context;
}

/** A function in any case, so that nothing that shows the client shows its token. */
function tokenSource(token: TokenSource | undefined): ResolvedClientOptions['token'] {
  if (token === undefined) return undefined;
  if (typeof token === 'string') return () => token;
  return async () => {
    const given: unknown = await token();
    if (isToken(given)) return given;
    throw new TypeError(`the function token gave no text of 1 to ${String(MAX_TOKEN_CHARACTERS)} characters`);
  };
}

function tlsSource(tls: ClientOptions['tls']): ClientTlsSource {
  if (typeof tls !== 'function') return Object.freeze({ isFixed: true, read: () => tls });
  const read = async (): Promise<ClientTlsOptions> =>
    readOptions(ClientTlsOptions, await tls(), 'HeartwireClient, by its function tls,');
  return Object.freeze({ isFixed: false, read });
}

function parsed<Parsed>(
  url: string | undefined,
  urls: readonly string[] | undefined,
  parse: (url: string) => Parsed,
): readonly Parsed[] {
  const all = urls ?? (url === undefined ? [] : [url]);
  return Object.freeze(all.map((each) => Object.freeze(parse(each))));
}

type Buffers =
  | 'sendBufferBytes'
  | 'sharedSendBufferBytes'
  | 'deliveryLogBytes'
  | 'incomingStreamBytes'
  | 'outgoingStreamBytes';

/** Those that a connection has at either end. */
function connectionBuffers(limits: ConnectionLimits): Readonly<Record<Buffers, number>> {
  const sendBufferBytes = limits.sendBufferBytes ?? roomFor(limits, 16 * MEBIBYTE);
  return {
    sendBufferBytes,
    sharedSendBufferBytes: limits.sharedSendBufferBytes ?? Math.min(256 * MEBIBYTE, 16 * sendBufferBytes),
    deliveryLogBytes: limits.deliveryLogBytes ?? roomFor(limits, 16 * MEBIBYTE),
    incomingStreamBytes: limits.incomingStreamBytes ?? roomFor(limits, 256 * MEBIBYTE),
    outgoingStreamBytes: limits.outgoingStreamBytes ?? roomFor(limits, 64 * MEBIBYTE),
  };
}

/** A buffer that could not hold some frames would end connections for messages that are within the limit. */
function roomFor({ maxFrameBytes }: ConnectionLimits, usualBytes: number): number {
  return Math.max(usualBytes, 4 * maxFrameBytes);
}

/** A plain copy with some members filled in. */
function frozen<Section extends object, Filled extends object>(
  section: Section,
  filled: Filled,
): Readonly<Section & Filled> {
  return Object.freeze({ ...section, ...filled });
}
