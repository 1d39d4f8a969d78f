import type { Outgoing } from '../protocol/outgoing.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import { type CallBody, emptyBody } from './call-body.js';
import type { CreditAccount } from './credit-account.js';
import type { StreamHandle } from './incoming-stream.js';
import type { OutgoingStream, Overflow } from './outgoing-stream.js';
import type { Pieces } from './pieces.js';
import { type ReplyObserver, tell, unheard } from './reply-observer.js';
import { stopUnused, type StreamSource } from './stream-source.js';

/** Where a call waits or runs, and so who must forget it when its caller leaves. */
export interface CallKeeper {
  withdraw(call: OutgoingCall): void;
  /** Its consumer has taken an item, and can take another. */
  taken(call: OutgoingCall): void;
}

/** A stream that goes with a call. */
export interface Upload {
  readonly source: StreamSource;
  /** What becomes of items that come faster than they are taken. */
  readonly overflow?: Overflow | undefined;
}

/** What only some calls ask for. */
export interface CallTraits {
  /** It may run twice. */
  readonly isIdempotent?: boolean;
  readonly upload?: Upload | undefined;
  /** Its consumer says when it has taken an item, instead of taking each at once. */
  readonly pulls?: boolean;
  /** How long to wait for each item after the first, in ms. */
  readonly idleTimeoutMs?: number;
  /** It goes where others with the same key go. */
  readonly key?: string | undefined;
}

const NO_TRAITS: CallTraits = {};

export type CallKind = 'request' | 'event' | 'acknowledged-event';

/**
 * A call on its way: waiting, in flight, or settled. Its keeper is its state: a call without
 * one is settled, or between two keepers. It is also the caller's subscription, so that no closure
 * is needed for it.
 *
 * A settled call lets go of what it said and of who asked. Tables that have been outgrown keep
 * their calls until the next full collection, and must not keep whole messages with them.
 */
export class OutgoingCall implements StreamHandle {
  /** Given when it is handed to a link; a call that is sent again gets a new one. */
  id = 0;
  /** Where it stands in the line of those that wait. */
  place = 0;
  /** `never` until its first byte may have left. */
  sent: 'never' | 'maybe' = 'never';
  /** Times it was handed to a link. */
  attempts = 0;
  /** What `sent` was before that. */
  private sentBefore: 'never' | 'maybe' = 'never';
  keeper: CallKeeper | undefined;
  isUnsubscribed = false;
  /** Called once, when it is settled in whatever way. */
  onSettled: (() => void) | undefined;
  /** The stream that goes with the call, once that was sent. */
  stream: OutgoingStream | undefined;
  /** The items of the answer; made with the first. */
  items: CreditAccount | undefined;
  /** Joins bytes that were cut on the way. */
  pieces: Pieces | undefined;
  /** Whether a first item has come. */
  isStreaming = false;

  constructor(
    readonly kind: CallKind,
    public body: CallBody,
    private observer: ReplyObserver | undefined,
    /** On the session's clock, in ms. */
    public deadlineAt: number,
    readonly timeoutMs: number,
    readonly traits: CallTraits = NO_TRAITS,
  ) {}

  /** Whether it may be sent again when its answer is lost: never once a stream has begun, in or out. */
  get isRepeatable(): boolean {
    return this.traits.isIdempotent === true && !this.isStreaming && this.stream === undefined;
  }

  /** The message under the given id, with the time that the caller will still wait. */
  message(id: number, nowMs: number): Outgoing {
    if (this.traits.upload !== undefined) return this.body.request(id, undefined, true);
    if (this.kind === 'request') return this.body.request(id, this.timeLeftMs(nowMs));
    return this.body.event(this.kind === 'event' ? undefined : id);
  }

  /** It leaves now, under this id. */
  handedOver(id: number): void {
    this.id = id;
    this.attempts += 1;
    this.sentBefore = this.sent;
    this.sent = 'maybe';
    // What came of an answer that was lost is no part of the next one.
    this.pieces = undefined;
    this.items = undefined;
  }

  /** No handler has seen it, that time. */
  refused(): void {
    this.sent = this.sentBefore;
  }

  /** One value of the answer, with more to follow. */
  next(value: unknown): void {
    try {
      this.observer?.next(value);
    } catch (error) {
      unheard(error);
    }
  }

  /** The only value of the answer, or its last. */
  answer(value: unknown): void {
    const observer = this.settled();
    try {
      observer?.next(value);
      observer?.complete();
    } catch (error) {
      unheard(error);
    }
  }

  /** The end of the answer. */
  complete(): void {
    tell(this.settled(), (observer) => {
      observer.complete();
    });
  }

  fail(error: unknown): void {
    tell(this.settled(), (observer) => {
      observer.error(error);
    });
  }

  taken(): void {
    this.keeper?.taken(this);
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

  /** In whole ms; `undefined` for as long as it takes, for which JSON has no number. */
  private timeLeftMs(nowMs: number): number | undefined {
    return this.deadlineAt === Infinity ? undefined : Math.max(Math.round(this.deadlineAt - nowMs), 1);
  }

  private settled(): ReplyObserver | undefined {
    const { observer } = this;
    this.keeper = undefined;
    this.observer = undefined;
    this.body = emptyBody;
    this.stopUpload();
    this.onSettled?.();
    this.onSettled = undefined;
    return observer;
  }

  private stopUpload(): void {
    const { stream, traits } = this;
    if (stream !== undefined) stream.stop();
    else if (traits.upload !== undefined) stopUnused(traits.upload.source, () => undefined);
  }
}
