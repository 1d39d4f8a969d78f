import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Metadata } from '../protocol/messages.js';
import type { CallKind, CallTraits, Upload } from './outgoing-call.js';
import type { Overflow } from './outgoing-stream.js';
import { isStreamSource, type StreamSource } from './stream-source.js';

/** What one call may ask for. */
export interface SendOptions {
  /**
   * How long the caller waits for the answer, or for a stream's first item, in ms. Default: `callTimeoutMs`. `Infinity`: as
   * long as it takes.
   */
  readonly timeoutMs?: number | undefined;
  /** The handler may run twice: the call is sent again when its answer is lost. Default: false. */
  readonly idempotent?: boolean | undefined;
  /** Travels beside the data; the handler reads it from `ctx.metadata`. */
  readonly metadata?: Metadata | undefined;
  /** Gives the call up when it fires: it fails with `CANCELLED`, and its handler is told. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A stream that goes with the call: an Observable, an AsyncIterable (an async generator, a Node `Readable`) or a Web
   * `ReadableStream`. The handler reads it from `ctx.stream`. It is begun when the call is sent, and ended early when
   * the handler has enough, has answered or has failed. While it goes on, `timeoutMs` bounds each wait for the other
   * end; the source may take its time. Bytes travel as bytes, and arrive as the items that they were.
   */
  readonly stream?: StreamSource | undefined;
  /**
   * What an Observable in `stream` does when it is `limits.streamBufferItems` or `limits.streamBufferBytes` ahead of
   * the handler: `fail` with `SLOW_CONSUMER`, or drop items. Default: `fail`.
   */
  readonly overflow?: Overflow | undefined;
  /** How long the caller waits for each item after the first, in ms. Default: the client's `idleTimeoutMs`. */
  readonly idleTimeoutMs?: number | undefined;
}

/** What one event may ask for. */
export interface EmitOptions {
  /** Completes when every handler has finished, and fails if one failed. Default: false, as soon as it is sent. */
  readonly acknowledge?: boolean | undefined;
  /** How long the event may wait to be sent or, with `acknowledge`, to be handled, in ms. Default: `callTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Travels beside the data; the handlers read it from `ctx.metadata`. */
  readonly metadata?: Metadata | undefined;
}

/** How long a call may take, in ms. @throws HeartwireError `INVALID_OPTIONS` for what is no number */
export function timeoutOf(options: SendOptions | EmitOptions | undefined, callTimeoutMs: number): number {
  return checkedMs(options?.timeoutMs ?? callTimeoutMs);
}

/** What only some calls ask for; nothing, for most. @throws HeartwireError `INVALID_OPTIONS` */
export function traitsOf(
  kind: CallKind,
  options: SendOptions | undefined,
  pulls: boolean,
  idleTimeoutMs: number,
  key?: string,
): CallTraits | undefined {
  if (options === undefined && !pulls && key === undefined && idleTimeoutMs === Infinity) return undefined;
  return {
    isIdempotent: options?.idempotent === true,
    upload: uploadOf(kind, options),
    pulls,
    idleTimeoutMs: checkedMs(options?.idleTimeoutMs ?? idleTimeoutMs),
    key,
  };
}

/** A text would be joined to the clock's number, and NaN is no JSON: the other end would take it for a breach. */
function checkedMs(value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw invalid('timeoutMs and idleTimeoutMs must be numbers');
}

/** The stream that goes with a call. A Readable that fails before the call is sent must not end the process. */
function uploadOf(kind: CallKind, options: SendOptions | undefined): Upload | undefined {
  if (options?.stream === undefined) return undefined;
  const { stream: source, overflow } = options;
  if (kind !== 'request') throw invalid('only send takes a stream');
  if (!isStreamSource(source))
    throw invalid('a stream must be an Observable, an AsyncIterable or a ReadableStream');
  if (isEmitter(source)) source.on('error', () => undefined);
  return { source, overflow };
}

/** Whether it is a Readable; this runs in a browser too, which knows none. */
function isEmitter(source: object): source is { on(event: 'error', listener: () => void): unknown } {
  return 'on' in source && typeof source.on === 'function';
}

function invalid(fault: string): HeartwireError {
  return new HeartwireError(ErrorCode.INVALID_OPTIONS, fault);
}
