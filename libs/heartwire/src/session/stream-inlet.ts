import { HeartwireError } from '../errors/heartwire-error.js';
import { ErrorCode } from '../errors/error-code.js';
import type { ChunkMessage } from '../protocol/messages.js';
import { ownMemory } from '../protocol/own-memory.js';
import { beyondCredit, CreditAccount } from './credit-account.js';
import { Fifo } from './fifo.js';
import { type IncomingStream, ItemStream, type StreamEnd, type StreamHandle } from './incoming-stream.js';
import type { ReplyObserver } from './reply-observer.js';
import { INITIAL_CREDIT } from './outgoing-stream.js';
import type { Pieces } from './pieces.js';
import { failureFromAfar } from './unheard-failures.js';

/** What the streams of one connection have waiting for their consumers, in bytes. */
export interface InletRoom {
  bytes: number;
  readonly maxBytes: number;
}

/** An item, or a piece of one. */
export type StreamChunk = Pick<ChunkMessage, 'chunk' | 'more' | 'byteStream'>;

/** What an inlet says to the sender of its stream. */
export interface InletHost {
  grant(items: number): void;
  /** Nobody wants what may still come. */
  cancel(): void;
  /** There is no room for what came: its call is over. */
  overflown(error: HeartwireError): void;
}

/** The receiving half of a stream that a caller sends. It has one consumer, and waits for it. */
export class StreamInlet implements StreamHandle {
  readonly stream: IncomingStream<unknown>;

  private readonly items = new Fifo<unknown>();
  private readonly account = new CreditAccount();
  /** What came and was not taken, pieces of an item that is not complete included. */
  private waitingBytes = 0;
  private consumer: ReplyObserver | undefined;
  private pulls = false;
  /** Items that the sender may send now. */
  private outstanding = INITIAL_CREDIT;
  private outcome: StreamEnd | undefined;
  private isClosed = false;

  constructor(
    private readonly host: InletHost,
    private readonly pieces: Pieces,
    private readonly room: InletRoom,
  ) {
    this.stream = new ItemStream<unknown>((observer, pulls) => this.attach(observer, pulls));
  }

  /** @throws ProtocolViolation when the sender has no credit for it. */
  receive({ chunk, more = false, byteStream }: StreamChunk, frameBytes: number): void {
    if (this.isClosed || this.outcome !== undefined) return;
    if (this.outstanding === 0) throw beyondCredit();
    if (this.room.bytes + frameBytes > this.room.maxBytes) {
      this.overflow();
      return;
    }
    const item = this.pieces.add(ownMemory(chunk), more, byteStream);
    this.occupy(frameBytes);
    if (more && item === undefined) {
      this.account.began(frameBytes);
      return;
    }
    this.account.arrived(frameBytes, more);
    if (!more) this.outstanding -= 1;
    if (this.consumer === undefined) this.items.push(item);
    else this.deliver(this.consumer, item);
  }

  /** @throws ProtocolViolation when it ends within an item. */
  end(): void {
    if (!this.isClosed && this.outcome === undefined) this.pieces.finish();
    this.finish({ isFailure: false });
  }

  fail(error: unknown): void {
    this.finish({ isFailure: true, error: failureFromAfar(error) });
  }

  /** The call is over: what was not taken is dropped, and its consumer hears so. */
  close(): void {
    if (this.isClosed) return;
    const message = 'the call is over, and the stream with it';
    if (this.outcome === undefined) {
      this.items.clear();
      this.fail(new HeartwireError(ErrorCode.CANCELLED, message, { sent: 'answered' }));
    }
    this.finishTaking();
  }

  taken(): void {
    if (this.isClosed) return;
    this.occupy(-this.account.taken());
    const due = this.outcome === undefined ? this.account.due() : 0;
    if (due === 0) return;
    this.outstanding += due;
    this.host.grant(due);
  }

  /** The consumer leaves. */
  unsubscribe(): void {
    if (this.isClosed) return;
    this.items.clear();
    this.finishTaking();
    if (this.outcome === undefined) this.host.cancel();
  }

  /** What waits of it counts for nobody any more. */
  private finishTaking(): void {
    this.isClosed = true;
    this.occupy(-this.waitingBytes);
  }

  private occupy(bytes: number): void {
    this.waitingBytes += bytes;
    this.room.bytes += bytes;
  }

  /** This stream alone fails, and its call with it. */
  private overflow(): void {
    const error = tooMuch(this.room);
    this.fail(error);
    this.host.overflown(error);
  }

  private attach(observer: ReplyObserver, pulls: boolean): StreamHandle | undefined {
    if (this.consumer !== undefined) {
      const message = 'the stream has a consumer already: its items come once';
      observer.error(new HeartwireError(ErrorCode.INTERNAL, message, { sent: 'answered' }));
      return undefined;
    }
    this.consumer = observer;
    this.pulls = pulls;
    // The handle is not there yet for who is given an item now.
    for (let left = this.items.length; left > 0; left--) this.deliver(observer, this.items.shift());
    if (this.outcome !== undefined) tellEnd(observer, this.outcome);
    return this;
  }

  private deliver(consumer: ReplyObserver, item: unknown): void {
    consumer.next(item);
    if (!this.pulls) this.taken();
  }

  private finish(outcome: StreamEnd): void {
    if (this.outcome !== undefined || this.isClosed) return;
    this.outcome = outcome;
    if (this.consumer !== undefined) tellEnd(this.consumer, outcome);
  }
}

function tellEnd(consumer: ReplyObserver, { isFailure, error }: StreamEnd): void {
  if (isFailure) consumer.error(error);
  else consumer.complete();
}

function tooMuch({ bytes, maxBytes }: InletRoom): HeartwireError {
  const message = `${String(bytes)} bytes of streams wait for their handlers on this connection; ${String(maxBytes)} may`;
  return new HeartwireError(ErrorCode.SLOW_CONSUMER, message, { details: { bytes, maxBytes } });
}
