import type { Outgoing } from '../protocol/frame-encoder.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import { type CallBody, emptyBody } from './call-body.js';

/** Who gets a call's outcome: values, then exactly one of `error` and `complete`. RxJS's Subscriber fits. */
export interface ReplyObserver {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

const nobody: ReplyObserver = { next: () => undefined, error: () => undefined, complete: () => undefined };

/** Where a call waits or runs, and so who must forget it when its caller leaves. */
export interface CallKeeper {
  withdraw(call: OutgoingCall): void;
}

export type CallKind = 'request' | 'event' | 'acknowledged-event';

/**
 * A call on its way: waiting, in flight, or settled. Its keeper is its state: a call without
 * one is settled, or between two keepers. It is also the caller's subscription, so that no closure
 * is needed for it.
 *
 * A settled call lets go of what it said and of who asked. Tables that have been outgrown keep
 * their calls until the next full collection, and must not keep whole messages with them.
 */
export class OutgoingCall {
  /** Given when it is handed to a link; a call that is sent again gets a new one. */
  id = 0;
  /** Where it stands in the line of those that wait. */
  place = 0;
  /** `never` until its first byte may have left. */
  sent: 'never' | 'maybe' = 'never';
  /** Times it was handed to a link. */
  attempts = 0;
  keeper: CallKeeper | undefined;
  isUnsubscribed = false;

  constructor(
    readonly kind: CallKind,
    public body: CallBody,
    private observer: ReplyObserver,
    /** On the session's clock, in ms. Infinity once a stream's first item has come. */
    public deadlineAt: number,
    readonly isIdempotent: boolean,
  ) {}

  /** Whether it may be sent again when its answer is lost: never once its caller was given a first item. */
  get isRepeatable(): boolean {
    return this.isIdempotent && this.deadlineAt !== Infinity;
  }

  /** The message under the given id, with the time that the caller will still wait. */
  message(id: number, nowMs: number): Outgoing {
    if (this.kind === 'request')
      return this.body.request(id, Math.max(Math.round(this.deadlineAt - nowMs), 1));
    return this.body.event(this.kind === 'event' ? undefined : id);
  }

  /** One value of the answer, with more to follow. */
  next(value: unknown): void {
    this.observer.next(value);
  }

  /** The only value of the answer, or its last. */
  answer(value: unknown): void {
    const observer = this.settled();
    observer.next(value);
    observer.complete();
  }

  /** The end of the answer. */
  complete(): void {
    this.settled().complete();
  }

  fail(error: unknown): void {
    this.settled().error(error);
  }

  /** The caller doesn't want it any more, and hears nothing more of it. */
  unsubscribe(): void {
    this.isUnsubscribed = true;
    this.keeper?.withdraw(this);
    this.settled();
  }

  /** The caller doesn't want it any more, and hears so. */
  abort(error: HeartwireError): void {
    this.isUnsubscribed = true;
    this.keeper?.withdraw(this);
    this.fail(error);
  }

  private settled(): ReplyObserver {
    const { observer } = this;
    this.keeper = undefined;
    this.observer = nobody;
    this.body = emptyBody;
    return observer;
  }
}
