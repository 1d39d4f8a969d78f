import { callBody } from '../../libs/heartwire/src/session/call-body.js';
import { type CallKind, OutgoingCall } from '../../libs/heartwire/src/session/outgoing-call.js';
import type { ReplyObserver } from '../../libs/heartwire/src/session/reply-observer.js';
import type { StreamSource } from '../../libs/heartwire/src/session/stream-source.js';

interface CallOptions {
  readonly kind?: CallKind;
  readonly timeoutMs?: number;
  readonly isIdempotent?: boolean;
  /** A stream that goes with it. */
  readonly stream?: StreamSource | undefined;
}

/** A call, with all that its caller was told. */
export class RecordedCall implements ReplyObserver {
  readonly values: unknown[] = [];
  /** One entry, once it has ended. */
  readonly ends: ('complete' | 'error')[] = [];
  failure: unknown;
  readonly outgoing: OutgoingCall;
  /** Runs when it has ended. */
  onEnd: (() => void) | undefined;

  constructor(
    readonly pattern: string,
    readonly data: unknown,
    { kind = 'request', timeoutMs = 60_000, isIdempotent = false, stream }: CallOptions = {},
  ) {
    const deadlineAt = performance.now() + timeoutMs;
    this.outgoing = new OutgoingCall(kind, callBody(pattern, data), this, deadlineAt, timeoutMs, {
      isIdempotent,
      upload: stream === undefined ? undefined : { source: stream },
    });
  }

  next(value: unknown): void {
    this.values.push(value);
  }

  error(error: unknown): void {
    this.failure = error;
    this.ended('error');
  }

  complete(): void {
    this.ended('complete');
  }

  cancel(): void {
    this.outgoing.unsubscribe();
  }

  private ended(how: 'complete' | 'error'): void {
    this.ends.push(how);
    this.onEnd?.();
  }
}
