import type { Outgoing } from '../protocol/frame-encoder.js';
import type { CallId } from '../protocol/messages.js';
import type { CallBody } from './call-body.js';

/** Who gets a call's outcome: values, then exactly one of `error` and `complete`. RxJS's Subscriber fits. */
export interface ReplyObserver {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/** Where a call waits or runs, and so who must forget it when its caller leaves. */
export interface CallKeeper {
  withdraw(call: OutgoingCall): void;
}

export type CallKind = 'request' | 'event' | 'acknowledged-event';

/**
 * A call on its way: waiting, in flight, or settled. Its keeper is its state: a call without
 * one is settled. It is also the caller's subscription, so that no closure is needed for it.
 */
export class OutgoingCall {
  /** Given when it is handed to a link; a call that is sent again gets a new one. */
  id: CallId = 0;
  /** `never` until its first byte may have left. */
  sent: 'never' | 'maybe' = 'never';
  /** Times it was handed to a link. */
  attempts = 0;
  keeper: CallKeeper | undefined;
  isUnsubscribed = false;

  constructor(
    readonly kind: CallKind,
    readonly body: CallBody,
    readonly observer: ReplyObserver,
    /** On the session's clock, in ms. Infinity once a stream's first item has come. */
    public deadlineAt: number,
    readonly isIdempotent: boolean,
  ) {}

  /** The message under the given id, with the time that the caller will still wait. */
  message(id: CallId, nowMs: number): Outgoing {
    if (this.kind === 'request')
      return this.body.request(id, Math.max(Math.round(this.deadlineAt - nowMs), 1));
    return this.body.event(this.kind === 'event' ? undefined : id);
  }

  unsubscribe(): void {
    this.isUnsubscribed = true;
    this.keeper?.withdraw(this);
  }
}
