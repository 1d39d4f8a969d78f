import { ErrorCode } from './error-code.js';
import { HeartwireError } from './heartwire-error.js';

/** What Node adds to the error of a system call. Read with care: any of it may be missing. */
interface SystemFacts {
  readonly errno: string;
  readonly syscall: string | undefined;
  readonly hostname: string | undefined;
  /** `127.0.0.1:4001`, `[::1]:4001` or a path. */
  readonly place: string | undefined;
}

/** What to say, and the code if the errno alone decides it. `place` names the other end, or the own address. */
interface Meaning {
  readonly code?: ErrorCode;
  readonly message: (place: string, facts: SystemFacts) => string;
}

const UNTRUSTED = 'no authority that is trusted here has signed the certificate of the other end';

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { code: ErrorCode.CONNECT_FAILED, message: (place) => `nothing listens at ${place}` },
  ENOTFOUND: { message: (_, facts) => `the name ${nameOf(facts)} is not known` },
  EAI_AGAIN: { message: (_, facts) => `the name ${nameOf(facts)} can't be looked up at the moment` },
  ECONNRESET: { code: ErrorCode.CONNECTION_LOST, message: () => 'the other end reset the connection' },
  ECONNABORTED: { code: ErrorCode.CONNECTION_LOST, message: () => 'the connection was aborted' },
  EPIPE: { code: ErrorCode.CONNECTION_LOST, message: () => 'the other end has closed the connection' },
  ETIMEDOUT: { code: ErrorCode.CONNECTION_LOST, message: (place) => `${place} does not answer` },
  EHOSTUNREACH: { code: ErrorCode.CONNECTION_LOST, message: (place) => `no way leads to ${place}` },
  ENETUNREACH: { code: ErrorCode.CONNECTION_LOST, message: (place) => `no network leads to ${place}` },
  ENETDOWN: { code: ErrorCode.CONNECTION_LOST, message: () => 'the network is down' },
  EADDRINUSE: { message: (place) => `${place} is in use already` },
  EADDRNOTAVAIL: { message: (place) => `${place} is no address of this machine` },
  EACCES: { message: (place) => `this process may not use ${place}, or its directory does not exist` },
  EPERM: { message: (place) => `this process may not use ${place}` },
  ENOENT: { message: (place) => `there is no socket file ${place}` },
  ENOTSOCK: { message: (place) => `${place} is no socket file` },
  CERT_HAS_EXPIRED: { message: () => 'the certificate of the other end has expired' },
  CERT_NOT_YET_VALID: { message: () => 'the certificate of the other end is not valid yet' },
  CERT_REVOKED: { message: () => 'the certificate of the other end was revoked' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { message: () => UNTRUSTED },
  SELF_SIGNED_CERT_IN_CHAIN: { message: () => UNTRUSTED },
  UNABLE_TO_GET_ISSUER_CERT: { message: () => UNTRUSTED },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { message: () => UNTRUSTED },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { message: () => UNTRUSTED },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    message: (_, facts) => `the certificate of the other end is not for ${nameOf(facts)}`,
  },
  ERR_SSL_WRONG_VERSION_NUMBER: { message: () => 'the other end does not speak TLS' },
  ERR_SSL_HTTP_REQUEST: { message: () => 'the other end does not speak TLS' },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { message: () => 'the other end does not speak TLS' },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: {
    code: ErrorCode.HANDSHAKE_FAILED,
    message: () => 'the other end wants a certificate of this one',
  },
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: { message: () => 'the other end shows no certificate' },
  ERR_TLS_HANDSHAKE_TIMEOUT: { message: () => 'the other end takes too long over TLS' },
  EMFILE: { message: () => 'this process has as many files and sockets open as it may' },
  ENFILE: { message: () => 'this machine has as many files and sockets open as it can' },
};

/**
 * The one place where what Node reports becomes a code and a sentence. The errno decides the code
 * where it can; what failed to connect is `CONNECT_FAILED` or `CONNECT_TIMEOUT` whatever the errno;
 * everything else is `fallback`. The cause is kept, and `details.errno` names the errno.
 */
export function fromNodeError(error: unknown, fallback: ErrorCode): HeartwireError {
  if (error instanceof HeartwireError) return error;
  const attempts = attemptsOf(error);
  const facts = attempts.map(systemFacts).find((found) => found !== undefined) ?? systemFacts(error);
  if (facts === undefined) return new HeartwireError(fallback, messageOf(error), { cause: error });

  const { errno, syscall } = facts;
  const meaning = Object.hasOwn(MEANINGS, errno) ? MEANINGS[errno] : undefined;
  const sentence =
    meaning?.message(placesOf(attempts) ?? facts.place ?? 'the other end', facts) ?? messageOf(error);
  return new HeartwireError(codeOf(facts, meaning, fallback), `${sentence} (${errno})`, {
    details: syscall === undefined ? { errno } : { errno, syscall },
    cause: error,
  });
}

function codeOf(
  { errno, syscall }: SystemFacts,
  meaning: Meaning | undefined,
  fallback: ErrorCode,
): ErrorCode {
  // A handshake that broke is one, however it broke.
  if (fallback === ErrorCode.HANDSHAKE_FAILED) return fallback;
  const isConnecting = syscall === 'connect' || fallback === ErrorCode.CONNECT_FAILED;
  if (!isConnecting) return meaning?.code ?? fallback;
  return errno === 'ETIMEDOUT' ? ErrorCode.CONNECT_TIMEOUT : ErrorCode.CONNECT_FAILED;
}

/** Where a name has several addresses, Node tries each and reports the failures together. */
function attemptsOf(error: unknown): readonly unknown[] {
  const errors = member(error, 'errors');
  return Array.isArray(errors) && errors.length > 0 ? (errors as readonly unknown[]) : [error];
}

function placesOf(attempts: readonly unknown[]): string | undefined {
  const places = attempts
    .map((attempt) => systemFacts(attempt)?.place)
    .filter((place) => place !== undefined);
  return places.length === 0 ? undefined : [...new Set(places)].join(' or ');
}

function systemFacts(error: unknown): SystemFacts | undefined {
  const errno = text(member(error, 'code'));
  if (errno === undefined) return undefined;
  return {
    errno,
    syscall: text(member(error, 'syscall')),
    hostname: text(member(error, 'hostname')) ?? text(member(error, 'host')),
    place: placeOf(text(member(error, 'address')), member(error, 'port')),
  };
}

function placeOf(address: string | undefined, port: unknown): string | undefined {
  // Node gives a Unix socket the port -1, or none.
  if (address === undefined || typeof port !== 'number' || port < 0) return address;
  return `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;
}

function nameOf({ hostname }: SystemFacts): string {
  return hostname === undefined ? 'of the other end' : JSON.stringify(hostname);
}

function messageOf(error: unknown): string {
  const message = typeof error === 'string' ? error : (reasonOf(error) ?? text(member(error, 'message')));
  return message === undefined || message === '' ? 'an unknown failure' : message;
}

/** What OpenSSL found, in its own few words: its message goes over several lines, with addresses and files. */
function reasonOf(error: unknown): string | undefined {
  return member(error, 'library') === 'SSL routines' ? text(member(error, 'reason')) : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Partial<Record<string, unknown>>)[name]
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
