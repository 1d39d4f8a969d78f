/**
 * Every code that a {@link HeartwireError} can have. The set is closed, and a code is never renamed.
 *
 * *Retryable* means that the same call, made again later, may succeed. *Sent* tells whether a
 * handler can have seen the call; both are defaults that the place which raises the error may overrule.
 */
export const ErrorCode = {
  /** The connection broke while the call was under way. Retryable. Sent: maybe. */
  CONNECTION_LOST: 'CONNECTION_LOST',
  /** No connection could be opened: refused, unreachable, or a name that is not known. Retryable. Sent: never. */
  CONNECT_FAILED: 'CONNECT_FAILED',
  /** No connection stood within `connectTimeoutMs`. Retryable. Sent: never. */
  CONNECT_TIMEOUT: 'CONNECT_TIMEOUT',
  /** The connection stood, but the two ends did not come to `ready`. Retryable. Sent: never. */
  HANDSHAKE_FAILED: 'HANDSHAKE_FAILED',
  /** Nothing was heard from the other end for so long that it counts as dead. Retryable. Sent: maybe. */
  HEARTBEAT_TIMEOUT: 'HEARTBEAT_TIMEOUT',
  /** The answer did not come within the time that the caller gave. Retryable. Sent: maybe. */
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  /** The caller gave the call up: it unsubscribed, or its signal fired. Not retryable. Sent: maybe. */
  CANCELLED: 'CANCELLED',
  /** As many calls wait on this end as may wait. Retryable. Sent: never. */
  QUEUE_FULL: 'QUEUE_FULL',
  /** The other end runs as many calls as it will, and did not start this one. Retryable. Sent: never. */
  OVERLOADED: 'OVERLOADED',
  /** The other end is going away, and did not start this call. Retryable. Sent: never. */
  DRAINING: 'DRAINING',
  /** This end was closed by its owner. Not retryable. Sent: never. */
  CLOSED: 'CLOSED',
  /** One end broke the protocol, and the connection ended for it. Not retryable. Sent: maybe. */
  PROTOCOL_ERROR: 'PROTOCOL_ERROR',
  /** A message is larger than `limits.maxFrameBytes` of one of the ends. Not retryable. Sent: never. */
  FRAME_TOO_LARGE: 'FRAME_TOO_LARGE',
  /** An end read so slowly that what waited for it, or for one stream's reader, reached its bound. Retryable. Sent: maybe. */
  SLOW_CONSUMER: 'SLOW_CONSUMER',
  /** The other end did not accept the credentials. Not retryable. Sent: never. */
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  /** The other end has no handler for the pattern. Not retryable. Sent: answered. */
  NO_HANDLER: 'NO_HANDLER',
  /** A value can't be written as JSON, or is no pattern, or no metadata. Not retryable. Sent: never. */
  UNSERIALIZABLE: 'UNSERIALIZABLE',
  /**
   * The options given to a server or client are not valid (`details.faults` lists why), or what a call or a push was told
   * about its time, its target or its room is not. Not retryable. Sent: never.
   */
  INVALID_OPTIONS: 'INVALID_OPTIONS',
  /** Something that should not happen. Not retryable. Sent: maybe. */
  INTERNAL: 'INTERNAL',
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/**
 * Whether a handler can have seen the call.
 *
 * - `never`: it did not leave, or was refused before a handler started. Making it again does nothing twice.
 * - `maybe`: it left, and what became of it is not known.
 * - `answered`: the other end answered, with this error.
 */
export type Sent = 'never' | 'maybe' | 'answered';

/** What holds for an error of some code unless the place that raises it knows better. */
export interface ErrorDefaults {
  readonly retryable: boolean;
  readonly sent: Sent;
}

export const ERROR_DEFAULTS: Readonly<Record<ErrorCode, ErrorDefaults>> = {
  CONNECTION_LOST: { retryable: true, sent: 'maybe' },
  CONNECT_FAILED: { retryable: true, sent: 'never' },
  CONNECT_TIMEOUT: { retryable: true, sent: 'never' },
  HANDSHAKE_FAILED: { retryable: true, sent: 'never' },
  HEARTBEAT_TIMEOUT: { retryable: true, sent: 'maybe' },
  DEADLINE_EXCEEDED: { retryable: true, sent: 'maybe' },
  CANCELLED: { retryable: false, sent: 'maybe' },
  QUEUE_FULL: { retryable: true, sent: 'never' },
  OVERLOADED: { retryable: true, sent: 'never' },
  DRAINING: { retryable: true, sent: 'never' },
  CLOSED: { retryable: false, sent: 'never' },
  PROTOCOL_ERROR: { retryable: false, sent: 'maybe' },
  FRAME_TOO_LARGE: { retryable: false, sent: 'never' },
  SLOW_CONSUMER: { retryable: true, sent: 'maybe' },
  UNAUTHENTICATED: { retryable: false, sent: 'never' },
  NO_HANDLER: { retryable: false, sent: 'answered' },
  UNSERIALIZABLE: { retryable: false, sent: 'never' },
  INVALID_OPTIONS: { retryable: false, sent: 'never' },
  INTERNAL: { retryable: false, sent: 'maybe' },
};

/** Whether a value, such as a code that came over the wire, is one of ours. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ErrorCode, value);
}
