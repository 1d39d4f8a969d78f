import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Outgoing } from '../protocol/frame-encoder.js';
import { cancelText } from '../protocol/message-text.js';
import type { CallId } from '../protocol/messages.js';
import { DeadlineSweep, systemTimers } from '../timing/deadline-sweep.js';
import type { Clock } from '../timing/clock.js';
import type { CallKeeper, OutgoingCall } from './outgoing-call.js';
import { checkSize } from './message-size.js';
import type { CallSource } from './outbox.js';

export interface OutgoingCallLimits {
  /** Calls that may wait. */
  readonly waitingCalls: number;
  /** Bytes that may wait. */
  readonly waitingBytes: number;
  /** The longest message that the other end takes. */
  maxFrameBytes: number;
}

/** What the keeper of calls asks of its session. */
export interface OutgoingCallsHost {
  /** Calls may be waiting that could be sent now. */
  wake(): void;
  sendAnswer(message: Outgoing): void;
  /** No call waits or is in flight any more. */
  settled(): void;
}

/**
 * The calls that this end makes: first waiting, then in flight, then settled exactly once. One
 * sweep holds all their deadlines.
 */
export class OutgoingCalls implements CallSource, CallKeeper {
  /** How many may be in flight now: what the other end announced, 0 while it can't take any. */
  maxInFlight = 0;

  private readonly waiting = new Set<OutgoingCall>();
  private readonly inFlight = new Map<CallId, OutgoingCall>();
  private readonly deadlines: DeadlineSweep;
  /** Calls answered so far, with a value or an end. */
  answered = 0;

  private waitingBytes = 0;
  private lastId = 0;

  constructor(
    private readonly host: OutgoingCallsHost,
    private readonly clock: Clock,
    private readonly limits: OutgoingCallLimits,
  ) {
    this.deadlines = new DeadlineSweep(clock, systemTimers, (now) => this.expire(now));
  }

  get isIdle(): boolean {
    return this.inFlight.size === 0 && this.waiting.size === 0;
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  get inFlightCount(): number {
    return this.inFlight.size;
  }

  /** Takes a call. At the bound it fails at once with `QUEUE_FULL`. */
  add(call: OutgoingCall): void {
    if (call.isUnsubscribed) return;
    const { sizeBytes } = call.body;
    if (
      this.waiting.size >= this.limits.waitingCalls ||
      this.waitingBytes + sizeBytes > this.limits.waitingBytes
    ) {
      const message = `${String(this.waiting.size)} calls (${String(this.waitingBytes)} bytes) are waiting already`;
      call.observer.error(new HeartwireError(ErrorCode.QUEUE_FULL, message, { sent: 'never' }));
      return;
    }
    call.keeper = this;
    this.waiting.add(call);
    this.waitingBytes += sizeBytes;
    this.deadlines.watch(call.deadlineAt);
    if (this.maxInFlight > 0) this.host.wake();
  }

  take(): Outgoing | undefined {
    while (this.inFlight.size < this.maxInFlight) {
      const [call] = this.waiting;
      if (call === undefined) return undefined;
      this.stopWaiting(call);
      const now = this.clock.now();
      if (call.deadlineAt <= now) {
        this.settle(call, deadlineExceeded(call));
        continue;
      }
      const id = ++this.lastId;
      const message = this.write(call, id, now);
      if (message === undefined) continue;
      call.id = id;
      call.sent = 'maybe';
      call.attempts += 1;
      if (call.kind === 'event') {
        call.keeper = undefined;
        call.observer.complete();
        this.reportIfSettled();
      } else {
        this.inFlight.set(id, call);
      }
      return message;
    }
    return undefined;
  }

  response(id: CallId, value: unknown, isLast: boolean): void {
    const call = this.inFlight.get(id);
    // A late answer to a call that was given up is legal: ids are never used twice.
    if (call === undefined) return;
    if (isLast) {
      this.answered += 1;
      this.forget(call);
      call.observer.next(value);
      call.observer.complete();
    } else {
      // The deadline bounds the first item only.
      call.deadlineAt = Infinity;
      call.observer.next(value);
    }
  }

  end(id: CallId): void {
    const call = this.inFlight.get(id);
    if (call === undefined) return;
    this.answered += 1;
    this.forget(call);
    call.observer.complete();
  }

  /** Gives up the call that failed, unsettled: its session decides whether it is sent again. */
  failed(id: CallId): OutgoingCall | undefined {
    const call = this.inFlight.get(id);
    if (call !== undefined) this.forget(call);
    return call;
  }

  /** The caller doesn't want it any more. */
  withdraw(call: OutgoingCall): void {
    call.keeper = undefined;
    if (this.waiting.has(call)) {
      this.stopWaiting(call);
      this.reportIfSettled();
    } else if (this.inFlight.has(call.id)) {
      this.forget(call);
      this.host.sendAnswer(cancelText(call.id));
    }
  }

  /** Gives up the calls that wait, unsettled, so that another session can take them. */
  releaseWaiting(): OutgoingCall[] {
    const calls = [...this.waiting];
    for (const call of calls) {
      this.stopWaiting(call);
      call.keeper = undefined;
    }
    return calls;
  }

  /** Gives up the calls in flight, unsettled: their link is gone. */
  releaseInFlight(): OutgoingCall[] {
    const calls = [...this.inFlight.values()];
    this.inFlight.clear();
    for (const call of calls) call.keeper = undefined;
    return calls;
  }

  stop(): void {
    this.deadlines.stop();
  }

  private write(call: OutgoingCall, id: CallId, now: number): Outgoing | undefined {
    try {
      const message = call.message(id, now);
      checkSize(message, this.limits.maxFrameBytes);
      return message;
    } catch (error) {
      this.settle(call, error);
      return undefined;
    }
  }

  private stopWaiting(call: OutgoingCall): void {
    this.waiting.delete(call);
    this.waitingBytes -= call.body.sizeBytes;
  }

  private forget(call: OutgoingCall): void {
    call.keeper = undefined;
    const wasFull = this.inFlight.size >= this.maxInFlight;
    this.inFlight.delete(call.id);
    if (wasFull && this.waiting.size > 0) this.host.wake();
    this.reportIfSettled();
  }

  private settle(call: OutgoingCall, error: unknown): void {
    call.keeper = undefined;
    call.observer.error(error);
    this.reportIfSettled();
  }

  private reportIfSettled(): void {
    if (this.isIdle) this.host.settled();
  }

  private expire(now: number): number | undefined {
    let next = Infinity;
    const due: OutgoingCall[] = [];
    for (const calls of [this.waiting, this.inFlight.values()]) {
      for (const call of calls) {
        if (call.deadlineAt <= now) due.push(call);
        else if (call.deadlineAt < next) next = call.deadlineAt;
      }
    }
    for (const call of due) {
      // An earlier one's observer may have settled this one meanwhile.
      if (call.keeper !== this) continue;
      this.withdraw(call);
      call.observer.error(deadlineExceeded(call));
    }
    return next === Infinity ? undefined : next;
  }
}

function deadlineExceeded(call: OutgoingCall): HeartwireError {
  const message = call.sent === 'never' ? 'the call could not be sent in time' : 'no answer came in time';
  return new HeartwireError(ErrorCode.DEADLINE_EXCEEDED, message, { sent: call.sent });
}
