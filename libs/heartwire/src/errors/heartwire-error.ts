import { ERROR_DEFAULTS, type ErrorCode, type Sent } from './error-code.js';

/** A {@link HeartwireError} as it travels: never with its cause or stack. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  /** Only in a refusal: no handler has seen the call. */
  readonly sent?: 'never';
}

export interface HeartwireErrorFacts {
  /** Whether a handler can have seen the call. Default: by the code. */
  readonly sent?: Sent | undefined;
  /** Whether the same call, made again later, may succeed. Default: by the code. */
  readonly retryable?: boolean | undefined;
  /** Facts for programs. They travel to the caller, so they hold no secrets. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** What brought it about. Stays on this end. */
  readonly cause?: unknown;
}

/**
 * The one error that Heartwire raises. It says what the caller can do: `retryable` tells whether
 * trying again may help, and `sent` whether trying again may do something twice.
 *
 * @example
 * ```ts
 * catchError((error) => {
 *   if (error instanceof HeartwireError && error.code === ErrorCode.QUEUE_FULL) return of(cached);
 *   throw error;
 * })
 * ```
 */
export class HeartwireError extends Error {
  static {
    // On the prototype, so that it is part of the stack's first line and no member of each error.
    this.prototype.name = 'HeartwireError';
  }

  /** What has happened. One of a closed set: see {@link ErrorCode}. */
  readonly code: ErrorCode;
  /** Whether the same call, made again later, may succeed. */
  readonly retryable: boolean;
  /** Whether a handler can have seen the call: `never`, `maybe`, or `answered`, by the other end with this error. */
  readonly sent: Sent;
  /** Facts for programs, by the code. Missing where there are none. */
  declare readonly details?: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: HeartwireErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    const defaults = ERROR_DEFAULTS[code];
    this.code = code;
    this.retryable = facts.retryable ?? defaults.retryable;
    this.sent = facts.sent ?? defaults.sent;
    if (facts.details !== undefined) this.details = facts.details;
  }

  /** The form in which it travels (docs/protocol.md, section 2, "failure"). */
  toJSON(): WireError {
    const { code, message, details, retryable } = this;
    return details === undefined ? { code, message, retryable } : { code, message, details, retryable };
  }
}
