import { isObservable, type Subscription } from 'rxjs';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Outgoing } from '../protocol/frame-encoder.js';
import { Fifo } from './fifo.js';
import { checkBytes, sizeOf } from './message-size.js';
import { isPullSource, type Puller, pullerOf, type StreamSource } from './stream-source.js';

/** Items that a stream may send before its receiver grants more (docs/protocol.md, section 5). */
export const INITIAL_CREDIT = 64;

/** What an Observable does that is faster than its receiver, once the buffer is full. */
export type Overflow = 'fail' | 'drop-oldest' | 'drop-newest';

/** How the items of a stream are said, and who hears how it goes. */
export interface StreamVoice {
  /**
   * An item, or with `more` a piece of one.
   *
   * @throws HeartwireError when the value can't be said
   */
  item(value: unknown, isLast: boolean, more: boolean): Outgoing;
  end(): Outgoing;
  failure(error: unknown): Outgoing;
  /** The last word is on its way; with `error`, the stream failed. */
  finished(error?: unknown): void;
  /** Nobody waits for what a source throws once it was stopped. */
  stoppedWith(error: unknown): void;
  /** What it waits for now: the receiver, or its own source. */
  waitsFor?(side: 'receiver' | 'source'): void;
}

/** Where what a stream says goes: behind everything that is more urgent. */
export interface BulkRoom {
  readonly hasBulkRoom: boolean;
  pushBulk(message: Outgoing): void;
  whenBulkRoom(waiter: () => void): void;
  forgetBulk(waiter: () => void): void;
}

export interface StreamBounds {
  /** The longest item that the other end takes. */
  readonly maxFrameBytes: number;
  /** Items that an Observable may be ahead of its receiver. */
  readonly streamBufferItems: number;
  /** Bytes that an Observable may be ahead of its receiver. */
  readonly streamBufferBytes: number;
}

/** A pull source is asked for more while less than this waits to be sent, in bytes. */
const PULL_AHEAD_BYTES = 131_072;
/** Longer bytes are cut, so that what is more urgent can go between; the other end joins them. */
const MAX_PIECE_BYTES = 65_536;

/**
 * The sending half of a stream. Items leave as the receiver grants credit for them; a source that can
 * wait is asked for no more than that, and what one that can't wait is ahead by is bounded.
 */
export class OutgoingStream {
  /** The messages of one item each. */
  private readonly queue = new Fifo<readonly Outgoing[]>();
  private queuedBytes = 0;
  /** The newest item of an Observable: it is the last one when the end comes in the same moment. */
  private held: { readonly value: unknown } | undefined;
  private lastWord: Outgoing | undefined;
  private outcome: 'open' | 'ended' | 'failed' | 'stopped' = 'open';
  private error: unknown;
  private subscription: Subscription | undefined;
  private puller: Puller | undefined;
  private isPulling = false;
  private waiting: 'receiver' | 'source' | undefined;

  constructor(
    private readonly voice: StreamVoice,
    private readonly room: BulkRoom,
    private readonly bounds: StreamBounds,
    private credit: number,
    private readonly overflow: Overflow = 'fail',
  ) {}

  start(source: StreamSource): void {
    if (isPullSource(source)) this.pullFrom(source);
    else this.listenTo(source);
    this.flush();
  }

  /** The receiver can take so many more. */
  grant(items: number): void {
    this.credit += items;
    this.flush();
  }

  /** Nothing more is wanted: the source is told so. */
  stop(): void {
    if (this.outcome === 'stopped') return;
    const isSaying = this.outcome === 'open';
    this.outcome = 'stopped';
    this.room.forgetBulk(this.flush);
    this.queue.clear();
    this.held = undefined;
    if (isSaying) this.stopSource();
  }

  private listenTo(source: StreamSource): void {
    if (!isObservable(source))
      throw new TypeError('a stream must be an Observable, an AsyncIterable or a ReadableStream');
    this.subscription = source.subscribe({
      next: (value) => {
        this.hear(value);
      },
      error: (error: unknown) => {
        this.release(false);
        this.fail(error);
      },
      complete: () => {
        this.subscription = undefined;
        if (this.puller === undefined) this.end();
      },
    });
    if (this.outcome !== 'open') this.subscription.unsubscribe();
  }

  private hear(value: unknown): void {
    if (this.outcome !== 'open') return;
    // What an interceptor has wrapped: a handler's own stream.
    if (this.puller === undefined && isPullSource(value)) {
      this.pullFrom(value);
      this.pull();
      return;
    }
    this.release(false);
    this.held = { value };
    // Said with the rest of the tick, unless the end comes before.
    this.room.whenBulkRoom(this.flush);
  }

  private release(isLast: boolean): void {
    const { held } = this;
    if (held === undefined || this.outcome !== 'open') return;
    this.held = undefined;
    this.say(held.value, isLast);
  }

  private pullFrom(source: Parameters<typeof pullerOf>[0]): void {
    this.puller = pullerOf(source);
  }

  private pull(): void {
    const { puller } = this;
    if (puller === undefined || this.isPulling || this.outcome !== 'open') return;
    if (this.queue.length >= this.credit || this.queuedBytes >= PULL_AHEAD_BYTES) return;
    this.isPulling = true;
    puller.next().then(
      ({ done, value }) => {
        this.isPulling = false;
        if (this.outcome !== 'open') return;
        if (done === true) {
          this.puller = undefined;
          this.end();
          return;
        }
        this.say(value, false);
        this.flush();
      },
      (error: unknown) => {
        this.isPulling = false;
        this.puller = undefined;
        // A source that was stopped may well say so.
        this.fail(error);
      },
    );
  }

  private say(value: unknown, isLast: boolean): void {
    try {
      this.put(this.messagesOf(value, isLast));
    } catch (error) {
      this.stopSource();
      this.fail(error);
    }
  }

  private messagesOf(value: unknown, isLast: boolean): Outgoing[] {
    const isLong = value instanceof Uint8Array && value.byteLength > MAX_PIECE_BYTES;
    if (!isLong) return [this.voice.item(value, isLast, false)];
    checkBytes(value.byteLength, this.bounds.maxFrameBytes);
    const messages: Outgoing[] = [];
    for (let from = 0; from < value.byteLength; from += MAX_PIECE_BYTES) {
      const more = from + MAX_PIECE_BYTES < value.byteLength;
      const piece = value.subarray(from, from + MAX_PIECE_BYTES);
      messages.push(this.voice.item(piece, isLast && !more, more));
    }
    return messages;
  }

  private put(item: readonly Outgoing[]): void {
    const { streamBufferItems, streamBufferBytes } = this.bounds;
    const isFull =
      this.queue.length >= streamBufferItems + this.credit || this.queuedBytes >= streamBufferBytes;
    if (isFull && this.puller === undefined) {
      if (this.overflow === 'fail') throw tooFast(this.queue.length, this.queuedBytes);
      if (this.overflow === 'drop-newest') return;
      this.take();
    }
    this.queue.push(item);
    for (const message of item) this.queuedBytes += sizeOf(message);
  }

  private end(): void {
    if (this.outcome !== 'open') return;
    if (this.held === undefined) this.lastWord = this.voice.end();
    else this.release(true);
    this.close('ended');
    this.flush();
  }

  /** Returns whether it was open: its last item may have failed it already. */
  private close(outcome: 'ended' | 'failed'): boolean {
    if (this.outcome !== 'open') return false;
    this.outcome = outcome;
    return true;
  }

  private fail(error: unknown): void {
    if (!this.close('failed')) return;
    this.error = error;
    this.lastWord = this.voice.failure(error);
    if (error instanceof HeartwireError && error.code === ErrorCode.SLOW_CONSUMER) this.queue.clear();
    this.flush();
  }

  private readonly flush = (): void => {
    this.release(false);
    while (this.queue.length > 0 && this.credit > 0) {
      if (!this.room.hasBulkRoom) {
        this.room.whenBulkRoom(this.flush);
        break;
      }
      this.credit -= 1;
      for (const message of this.take()) this.room.pushBulk(message);
    }
    if (this.queue.length === 0 && (this.outcome === 'ended' || this.outcome === 'failed')) this.finish();
    this.pull();
    this.tellWait();
  };

  private take(): readonly Outgoing[] {
    const item = this.queue.shift() ?? [];
    for (const message of item) this.queuedBytes -= sizeOf(message);
    return item;
  }

  private finish(): void {
    const { lastWord, error, outcome } = this;
    this.outcome = 'stopped';
    if (lastWord !== undefined) this.room.pushBulk(lastWord);
    if (outcome === 'failed') this.voice.finished(error);
    else this.voice.finished();
  }

  /** Each item that leaves begins the wait anew. */
  private tellWait(): void {
    const isHeldUp = this.outcome !== 'open' || this.queue.length > 0 || this.credit === 0;
    const waiting = isHeldUp ? 'receiver' : 'source';
    if (waiting === this.waiting && waiting === 'source') return;
    this.waiting = waiting;
    this.voice.waitsFor?.(waiting);
  }

  private stopSource(): void {
    try {
      this.subscription?.unsubscribe();
    } catch (error) {
      this.voice.stoppedWith(error);
    }
    const { puller } = this;
    this.puller = undefined;
    puller?.stop().catch((error: unknown) => {
      this.voice.stoppedWith(error);
    });
  }
}

function tooFast(items: number, bytes: number): HeartwireError {
  const message = `the stream is ${String(items)} items (${String(bytes)} bytes) ahead of its receiver`;
  return new HeartwireError(ErrorCode.SLOW_CONSUMER, message, { sent: 'maybe', details: { items, bytes } });
}
