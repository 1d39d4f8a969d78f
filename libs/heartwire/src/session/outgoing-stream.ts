import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { withFlag } from '../protocol/message-text.js';
import { isEnvelope, type Outgoing } from '../protocol/outgoing.js';
import { Fifo } from './fifo.js';
import { ofBegunCall, tooFast } from './item-faults.js';
import { checkBytes } from './message-size.js';
import { SourceFeed } from './source-feed.js';
import { type AheadRoom, bytesOf, StreamQueue } from './stream-queue.js';
import type { StreamSource } from './stream-source.js';

/** Items that a stream may send before its receiver grants more (docs/protocol.md, section 5). */
export const INITIAL_CREDIT = 64;

/** What an Observable does that is faster than its receiver, once the buffer is full. */
export type Overflow = 'fail' | 'drop-oldest' | 'drop-newest';

/** How the items of a stream are said, and who hears how it goes. */
export interface OutgoingStreamHost {
  /** Whether the last item says that it is the last; otherwise an end follows it. */
  readonly marksLast: boolean;
  /** Whether long bytes may be cut. */
  readonly cutsBytes: boolean;
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
export interface BulkRoom extends AheadRoom {
  readonly hasBulkRoom: boolean;
  pushBulk(message: Outgoing): void;
  /** Calls `task` once all that was pushed before was handed over; never, if it is dropped. */
  afterBulk(task: () => void): void;
  whenBulkRoom(waiter: () => void): void;
  forgetBulk(waiter: () => void): void;
}

export interface StreamBounds {
  /** The longest message that the other end takes. */
  readonly maxFrameBytes: number;
  /** Items that an Observable may be ahead of its receiver. */
  readonly streamBufferItems: number;
  /** Bytes that an Observable may be ahead of its receiver. */
  readonly streamBufferBytes: number;
  /** Bytes that the Observables of one connection may be ahead of their receivers. */
  readonly outgoingStreamBytes: number;
}

/**
 * A receiver that grants credit has no more than this on its way, in bytes, that it granted none for, and one item
 * beyond it. It counts bytes too, and grants in time (docs/protocol.md, section 5). With one more piece of bytes that were cut
 * it is 1 MiB.
 */
export const STREAM_WINDOW_BYTES = 15 * 65_536;
/** A pull source is asked for more while less than this waits to be sent, in bytes. */
const PULL_AHEAD_BYTES = 262_144;
/** Longer bytes are cut, so that what is more urgent can go between; the other end joins them. */
const MAX_PIECE_BYTES = 65_536;

/**
 * The sending half of a stream. Items leave as the receiver grants credit for them; a source that can
 * wait is asked for no more than that, and what one that can't wait is ahead by is bounded.
 */
export class OutgoingStream {
  private readonly queue: StreamQueue;
  /** The sizes of the items that were sent, and that no credit was granted for since. */
  private readonly ungranted = new Fifo<number>();
  private ungrantedBytes = 0;
  /** The newest item of an Observable: it is the last one when the end comes in the same moment. */
  private held: { readonly value: unknown } | undefined;
  private lastWord: Outgoing | undefined;
  private outcome: 'open' | 'ended' | 'failed' | 'stopped' = 'open';
  private error: unknown;
  private readonly feed: SourceFeed;
  private waiting: 'receiver' | 'source' | undefined;

  constructor(
    private readonly host: OutgoingStreamHost,
    private readonly room: BulkRoom,
    private readonly bounds: StreamBounds,
    private credit: number,
    private readonly overflow: Overflow = 'fail',
  ) {
    this.queue = new StreamQueue(room);
    this.feed = new SourceFeed({
      pushed: (value) => {
        this.release(false);
        this.held = { value };
        // Said with the rest of the tick, unless the end comes before.
        if (this.outcome === 'open') this.room.whenBulkRoom(this.flush);
      },
      pulled: (value) => {
        // An interceptor may have said something before its handler's own stream.
        this.release(false);
        if (this.outcome === 'open') this.say(value, false);
        this.flush();
      },
      ended: () => {
        this.end();
      },
      failed: (error) => {
        this.release(false);
        this.fail(error);
      },
      stoppedWith: (error) => {
        host.stoppedWith(error);
      },
    });
  }

  start(source: StreamSource): void {
    this.feed.start(source);
    this.flush();
  }

  /** The receiver can take so many more. */
  grant(items: number): void {
    this.credit += items;
    for (let left = Math.min(items, this.ungranted.length); left > 0; left--) {
      this.ungrantedBytes -= this.ungranted.shift() ?? 0;
    }
    this.flush();
  }

  /** Nothing more is wanted: the source is told so. */
  stop(): void {
    if (this.outcome === 'stopped') return;
    this.outcome = 'stopped';
    this.room.forgetBulk(this.flush);
    this.queue.clear();
    this.held = undefined;
    this.feed.stop();
    this.tellWait(false);
  }

  /** Settles when a source that was stopped has come to its end. */
  get stopped(): Promise<unknown> | undefined {
    return this.feed.stopped;
  }

  /** Returns whether an item was there and will be sent. */
  private release(isLast: boolean): boolean {
    const { held } = this;
    this.held = undefined;
    return held !== undefined && this.outcome === 'open' && this.say(held.value, isLast);
  }

  private pull(): void {
    if (this.outcome !== 'open') return;
    if (this.queue.length < this.credit && this.queue.bytes < PULL_AHEAD_BYTES) this.feed.pull();
  }

  private say(value: unknown, isLast: boolean): boolean {
    try {
      return this.put(this.messagesOf(value, isLast));
    } catch (error) {
      this.feed.stop();
      this.fail(ofBegunCall(error));
      return false;
    }
  }

  private messagesOf(value: unknown, isLast: boolean): Outgoing[] {
    const { maxFrameBytes } = this.bounds;
    const pieceBytes = Math.min(MAX_PIECE_BYTES, maxFrameBytes >>> 1);
    const isCut = this.host.cutsBytes && value instanceof Uint8Array && value.byteLength > pieceBytes;
    if (!isCut) return [this.marked(this.host.item(value, isLast, false))];
    checkBytes(value.byteLength, maxFrameBytes);
    const messages: Outgoing[] = [];
    for (let from = 0; from < value.byteLength; from += pieceBytes) {
      const more = from + pieceBytes < value.byteLength;
      const piece = value.subarray(from, from + pieceBytes);
      messages.push(this.marked(this.host.item(piece, isLast && !more, more)));
    }
    return messages;
  }

  /** Where the receiver needn't keep items together, it is told so. */
  private marked(message: Outgoing): Outgoing {
    if (!this.feed.isByteStream || !isEnvelope(message)) return message;
    return { header: withFlag(message.header, 'byteStream'), bytes: message.bytes };
  }

  /** Returns whether the item will be sent. */
  private put(item: readonly Outgoing[]): boolean {
    const { canWait } = this.feed;
    if (!canWait && this.isFull()) {
      if (this.overflow === 'drop-newest') return false;
      // Items are dropped only where that was asked for by its name.
      if (this.overflow !== 'drop-oldest') throw tooFast(this.queue.length, this.queue.bytes);
      const before = this.queue.bytes;
      // As much as comes, or long items after short ones would be more than may wait.
      do this.queue.shift();
      while (this.isFull() && before - this.queue.bytes < bytesOf(item));
    }
    this.queue.push(item, canWait);
    return true;
  }

  /** Whoever is not ahead is not hurt by the others of its connection that are. */
  private isFull(): boolean {
    const { streamBufferItems, streamBufferBytes, outgoingStreamBytes } = this.bounds;
    return (
      this.queue.length >= streamBufferItems + this.credit ||
      this.queue.bytes >= streamBufferBytes ||
      (this.room.aheadBytes >= outgoingStreamBytes && this.queue.length > 0)
    );
  }

  private end(): void {
    const { host } = this;
    try {
      const saidIt = this.release(host.marksLast) && host.marksLast;
      // Its last item may have failed it, and that is its last word then.
      if (!saidIt && this.outcome === 'open') this.lastWord = host.end();
    } catch (error) {
      this.fail(error);
    }
    if (this.close('ended')) this.flush();
  }

  /** Returns whether it was open. */
  private close(outcome: 'ended' | 'failed'): boolean {
    if (this.outcome !== 'open') return false;
    this.outcome = outcome;
    return true;
  }

  private fail(error: unknown): void {
    if (!this.close('failed')) return;
    this.error = error;
    this.lastWord = this.host.failure(error);
    if (error instanceof HeartwireError && error.code === ErrorCode.SLOW_CONSUMER) this.queue.clear();
    this.flush();
  }

  private readonly flush = (): void => {
    let hasMoved = false;
    this.release(false);
    while (this.queue.length > 0 && this.credit > 0 && this.ungrantedBytes < STREAM_WINDOW_BYTES) {
      if (!this.room.hasBulkRoom) {
        this.room.whenBulkRoom(this.flush);
        break;
      }
      const before = this.queue.bytes;
      for (const message of this.queue.shift()) this.room.pushBulk(message);
      this.spend(before - this.queue.bytes);
      hasMoved = true;
    }
    if (this.queue.length === 0 && (this.outcome === 'ended' || this.outcome === 'failed')) {
      this.finish();
      hasMoved = true;
    }
    this.pull();
    this.tellWait(hasMoved);
  };

  private spend(bytes: number): void {
    // Who never grants any takes what comes.
    if (this.credit === Infinity) return;
    this.credit -= 1;
    this.ungranted.push(bytes);
    this.ungrantedBytes += bytes;
  }

  private finish(): void {
    const { lastWord, error, outcome } = this;
    this.outcome = 'stopped';
    if (lastWord !== undefined) this.room.pushBulk(lastWord);
    if (outcome === 'failed') this.host.finished(error);
    else this.host.finished();
  }

  /** Each item that leaves begins the wait for the receiver anew; one that only came does not. */
  private tellWait(hasMoved: boolean): void {
    const isHeldUp = this.outcome !== 'open' || this.queue.length > 0 || this.credit === 0;
    const waiting = isHeldUp ? 'receiver' : 'source';
    if (waiting === this.waiting && (waiting === 'source' || !hasMoved)) return;
    this.waiting = waiting;
    this.host.waitsFor?.(waiting);
  }
}
