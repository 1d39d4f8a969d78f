import type { Metadata } from '../protocol/messages.js';

/** What one call may ask for. */
export interface SendOptions {
  /** How long the caller waits for the answer, or for a stream's first item, in ms. Default: `callTimeoutMs`. */
  readonly timeoutMs?: number;
  /** The handler may run twice: the call is sent again when its answer is lost. Default: false. */
  readonly idempotent?: boolean;
  /** Travels beside the data; the handler reads it from `ctx.metadata`. */
  readonly metadata?: Metadata;
  /** Gives the call up when it fires. */
  readonly signal?: AbortSignal;
}

/** What one event may ask for. */
export interface EmitOptions {
  /** Completes when every handler has finished, and fails if one failed. Default: false, as soon as it is sent. */
  readonly acknowledge?: boolean;
  /** How long the event may wait to be sent or, with `acknowledge`, to be handled, in ms. Default: `callTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly metadata?: Metadata;
}
