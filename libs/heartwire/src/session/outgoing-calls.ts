import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { cancelText, creditText } from '../protocol/message-text.js';
import type { CallId, ResponseMessage } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { type DeadlineKeeper, DeadlineSweep, systemTimers } from '../timing/deadline-sweep.js';
import type { Clock } from '../timing/clock.js';
import type { CallKeeper, OutgoingCall, Upload } from './outgoing-call.js';
import type { Codec } from './codec.js';
import { beyondCredit, CreditAccount } from './credit-account.js';
import { InFlightCalls } from './in-flight-calls.js';
import { checkSize } from './message-size.js';
import { Pieces } from './pieces.js';
import type { CallSource } from './outbox.js';
import { type BulkRoom, INITIAL_CREDIT, type StreamBounds } from './outgoing-stream.js';
import { deadlineExceeded } from './reasons.js';
import { Uploads } from './uploads.js';
import { WaitingCalls } from './waiting-calls.js';

export interface OutgoingCallLimits extends StreamBounds {
  /** Calls that may wait. */
  readonly waitingCalls: number;
  /** Bytes that may wait. */
  readonly waitingBytes: number;
}

/** What the keeper of calls asks of its session. */
export interface OutgoingCallsHost {
  /** Calls may be waiting that could be sent now. */
  wake(): void;
  readonly codec: Codec | undefined;
  /** Where streams go. */
  readonly outbox: BulkRoom;
  sendAnswer(message: Outgoing): void;
  /** No call waits or is in flight any more. */
  settled(): void;
}

/**
 * The calls that this end makes: first waiting, then in flight, then settled exactly once. One
 * sweep holds all their deadlines.
 */
export class OutgoingCalls implements CallSource, CallKeeper, DeadlineKeeper {
  /** How many may be in flight now: what the other end announced, 0 while it can't take any. */
  maxInFlight = 0;

  private readonly waiting = new WaitingCalls();
  private readonly inFlight = new InFlightCalls();
  private readonly deadlines: DeadlineSweep;
  /** Made with the first stream that goes with a call. */
  private uploads: Uploads | undefined;
  /** This end's own limit; `limits` has the other end's once that is known. */
  private readonly maxItemBytes: number;
  /** Calls answered so far, with a value or an end. */
  answered = 0;

  constructor(
    private readonly host: OutgoingCallsHost,
    private readonly clock: Clock,
    private readonly limits: OutgoingCallLimits,
  ) {
    this.deadlines = new DeadlineSweep(clock, systemTimers, this);
    this.maxItemBytes = limits.maxFrameBytes;
  }

  get isIdle(): boolean {
    return this.inFlight.count === 0 && this.waiting.count === 0;
  }

  get waitingCount(): number {
    return this.waiting.count;
  }

  get waitingBytes(): number {
    return this.waiting.bytes;
  }

  get inFlightCount(): number {
    return this.inFlight.count;
  }

  /** Takes a call. At the bound it fails at once with `QUEUE_FULL`. */
  add(call: OutgoingCall): void {
    if (call.isUnsubscribed) return;
    const { count, bytes } = this.waiting;
    const { sizeBytes } = call.body;
    if (count >= this.limits.waitingCalls || bytes + sizeBytes > this.limits.waitingBytes) {
      const message = `no room for a call of ${String(sizeBytes)} bytes; waiting already: ${String(count)}, ${String(bytes)} bytes (limits.waitingCalls, limits.waitingBytes)`;
      call.fail(new HeartwireError(ErrorCode.QUEUE_FULL, message, { sent: call.sent }));
      return;
    }
    call.keeper = this;
    this.waiting.push(call);
    this.deadlines.watch(call.deadlineAt);
    if (this.maxInFlight > 0) this.host.wake();
  }

  take(): Outgoing | undefined {
    while (this.inFlight.count < this.maxInFlight) {
      const call = this.waiting.shift();
      if (call === undefined) return undefined;
      const now = this.clock.now();
      if (call.deadlineAt <= now) {
        this.failed(call, deadlineExceeded(call));
        continue;
      }
      const id = this.inFlight.nextId();
      const message = this.write(call, id, now);
      if (message === undefined) continue;
      call.handedOver(id);
      if (call.kind === 'event') {
        call.complete();
        this.reportIfSettled();
      } else {
        this.inFlight.add(call, id);
        if (call.traits.upload !== undefined) this.upload(call, call.traits.upload);
      }
      return message;
    }
    return undefined;
  }

  response(
    { id, response, isDisposed, more = false, byteStream }: ResponseMessage,
    frameBytes: number,
  ): void {
    const call = this.inFlight.get(id);
    // A late answer to a call that was given up is legal: ids are never used twice.
    if (call === undefined) return;
    let value = response;
    if (more || call.pieces !== undefined) {
      call.pieces ??= new Pieces(this.maxItemBytes);
      value = call.pieces.add(response, more, byteStream);
      if (more && value === undefined) {
        (call.items ??= new CreditAccount()).began(frameBytes);
        return;
      }
    }
    if (isDisposed) {
      this.answered += 1;
      this.forget(call);
      call.answer(value);
    } else {
      this.item(call, value, frameBytes, more);
    }
  }

  /** The consumer of a stream has taken an item: more may come. */
  taken(call: OutgoingCall): void {
    const { items } = call;
    if (items === undefined) return;
    items.taken();
    if (items.isAllTaken) this.awaitNextItem(call);
    const due = items.due();
    if (due > 0) this.host.sendAnswer(creditText(call.id, due));
  }

  /** The called end can take more items of the caller's stream. */
  credit(id: CallId, items: number): void {
    this.inFlight.get(id)?.stream?.grant(items);
  }

  /** The called end no longer wants the caller's stream. */
  streamUnwanted(id: CallId): void {
    this.inFlight.get(id)?.stream?.stop();
  }

  end(id: CallId): void {
    const call = this.inFlight.get(id);
    if (call === undefined) return;
    call.pieces?.finish();
    this.answered += 1;
    this.forget(call);
    call.complete();
  }

  /** Gives up the call that failed, unsettled: its session decides whether it is sent again. */
  release(id: CallId): OutgoingCall | undefined {
    const call = this.inFlight.get(id);
    if (call !== undefined) this.forget(call);
    return call;
  }

  /** The caller doesn't want it any more. */
  withdraw(call: OutgoingCall): void {
    call.keeper = undefined;
    if (this.waiting.remove(call)) {
      this.reportIfSettled();
    } else if (this.inFlight.get(call.id) === call) {
      this.forget(call, cancelText(call.id));
    }
  }

  /** Gives up the calls that wait, unsettled, so that another session can take them. */
  releaseWaiting(): OutgoingCall[] {
    const calls = this.waiting.clear();
    for (const call of calls) call.keeper = undefined;
    return calls;
  }

  /** Gives up the calls in flight, unsettled: their link is gone. */
  releaseInFlight(): OutgoingCall[] {
    const calls = this.inFlight.clear();
    for (const call of calls) call.keeper = undefined;
    return calls;
  }

  /** Gives up those calls in flight, unsettled. The other end is told that nobody wants their answers. */
  withdrawInFlight(isMeant: (call: OutgoingCall) => boolean): OutgoingCall[] {
    const calls = [...this.inFlight].filter(isMeant);
    for (const call of calls) this.withdraw(call);
    return calls;
  }

  stop(): void {
    this.deadlines.stop();
  }

  expire(now: number): number {
    let next = Infinity;
    const due: OutgoingCall[] = [];
    for (const calls of [this.waiting, this.inFlight]) {
      for (const call of calls) {
        if (call.deadlineAt <= now) due.push(call);
        else if (call.deadlineAt < next) next = call.deadlineAt;
      }
    }
    for (const call of due) {
      // An earlier one's observer may have settled this one meanwhile.
      if (call.keeper !== this) continue;
      this.withdraw(call);
      call.fail(deadlineExceeded(call));
    }
    return next;
  }

  private upload(call: OutgoingCall, upload: Upload): void {
    this.uploads ??= new Uploads(this.host, this.limits, {
      moved: (moved, isHeldUp) => {
        // A source may take its time, but not the other end.
        moved.deadlineAt = isHeldUp ? this.clock.now() + moved.timeoutMs : Infinity;
        this.deadlines.watch(moved.deadlineAt);
      },
      failed: (failed) => {
        this.forget(failed);
      },
    });
    this.uploads.begin(call, upload);
  }

  private write(call: OutgoingCall, id: number, now: number): Outgoing | undefined {
    try {
      const message = call.message(id, now);
      checkSize(message, this.limits.maxFrameBytes);
      return message;
    } catch (error) {
      this.failed(call, error);
      return undefined;
    }
  }

  private item(call: OutgoingCall, value: unknown, bytes: number, isPart: boolean): void {
    const items = (call.items ??= new CreditAccount());
    // It may be part of the last value, which costs nothing. No number of parts makes more of it than whole items may be.
    if (isPart ? items.untakenBytes > INITIAL_CREDIT * this.maxItemBytes : items.untaken >= INITIAL_CREDIT)
      throw beyondCredit();
    call.isStreaming = true;
    items.arrived(bytes, isPart);
    // While the consumer has something to take, it is not the other end that is idle.
    call.deadlineAt = Infinity;
    call.next(value);
    if (call.traits.pulls !== true && call.keeper === this) this.taken(call);
  }

  private awaitNextItem(call: OutgoingCall): void {
    const { idleTimeoutMs } = call.traits;
    if (idleTimeoutMs === undefined) return;
    call.deadlineAt = this.clock.now() + idleTimeoutMs;
    this.deadlines.watch(call.deadlineAt);
  }

  /** The other end hears `lastWord` before a call that takes the place of this one. */
  private forget(call: OutgoingCall, lastWord?: Outgoing): void {
    call.keeper = undefined;
    const wasFull = this.inFlight.count >= this.maxInFlight;
    this.inFlight.remove(call);
    if (lastWord !== undefined) this.host.sendAnswer(lastWord);
    if (wasFull && this.waiting.count > 0) this.host.wake();
    this.reportIfSettled();
  }

  private failed(call: OutgoingCall, error: unknown): void {
    call.fail(error);
    this.reportIfSettled();
  }

  private reportIfSettled(): void {
    if (this.isIdle) this.host.settled();
  }
}
