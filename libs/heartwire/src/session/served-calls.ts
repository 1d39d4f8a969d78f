import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { toWireError, toWireRefusal } from '../errors/wire-error.js';
import type { Outgoing } from '../protocol/frame-encoder.js';
import { failureText, responseText, withLongMember } from '../protocol/message-text.js';
import type { CallId, EventMessage, RequestMessage } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Clock } from '../timing/clock.js';
import { DeadlineSweep, systemTimers } from '../timing/deadline-sweep.js';
import type { Admission } from './admission.js';
import { LONG_JSON, toJson } from './call-body.js';
import type { Codec } from './codec.js';
import { EventBacklog } from './event-backlog.js';
import { checkSize } from './message-size.js';
import { toRefusal } from './reasons.js';
import { ServedCall, type ServedCallKeeper } from './served-call.js';

/** Runs the handlers of a call. It must settle the call, or stop when the call is cancelled. */
export type Dispatch = (call: ServedCall) => void;

export interface ServedCallLimits {
  readonly runningCallsPerConnection: number;
  readonly waitingEvents: number;
  readonly waitingEventBytes: number;
  /** The longest message that the other end takes. */
  maxFrameBytes: number;
}

/** What the keeper of served calls asks of its session. */
export interface ServedCallsHost {
  readonly codec: Codec | undefined;
  sendAnswer(message: Outgoing): void;
  /** Nothing runs any more for the other end. */
  settled(): void;
}

/** The calls and events of the other end that run here, with their bounds and deadlines. */
export class ServedCalls implements ServedCallKeeper {
  /** Set while this end is going away. */
  private refusal: HeartwireError | undefined;

  private readonly running = new Map<CallId, ServedCall>();
  private readonly runningEvents = new Set<ServedCall>();
  private readonly backlog: EventBacklog;
  private readonly deadlines: DeadlineSweep;

  constructor(
    private readonly host: ServedCallsHost,
    private readonly clock: Clock,
    private readonly limits: ServedCallLimits,
    private readonly admission: Admission,
    private readonly dispatch: Dispatch,
  ) {
    this.backlog = new EventBacklog(limits.waitingEvents, limits.waitingEventBytes);
    this.deadlines = new DeadlineSweep(clock, systemTimers, (now) => this.expire(now));
  }

  get count(): number {
    return this.running.size + this.runningEvents.size;
  }

  get isIdle(): boolean {
    return this.count === 0 && this.backlog.isEmpty;
  }

  /** New calls fail with `DRAINING`, which their caller may send elsewhere. */
  refuseNew(reason: string): void {
    this.refusal = new HeartwireError(ErrorCode.DRAINING, `this end is going away: ${reason}`, {
      sent: 'never',
    });
  }

  /** A call, or an event whose sender waits for its end. */
  request(message: RequestMessage | EventMessage, id: CallId): void {
    if (this.running.has(id))
      throw new ProtocolViolation('PROTOCOL_ERROR', `id ${JSON.stringify(id)} is in use already`);
    const timeoutMs = message.kind === 'request' ? message.timeoutMs : undefined;
    const refusal =
      this.refusal ?? this.overload(this.running.size) ?? (timeoutMs === 0 ? expired() : undefined);
    if (refusal !== undefined) {
      this.host.sendAnswer(this.failureMessage(id, toWireRefusal(refusal)));
      return;
    }
    const deadlineAt = timeoutMs === undefined ? Infinity : this.clock.now() + timeoutMs;
    const { pattern, data, metadata } = message;
    const call = new ServedCall(this, id, message.kind === 'event', pattern, data, metadata, deadlineAt);
    this.running.set(id, call);
    if (deadlineAt !== Infinity) this.deadlines.watch(deadlineAt);
    this.start(call);
  }

  /** An event that nobody waits for. Beyond the bound of running calls it waits in order. */
  event(message: EventMessage, sizeBytes: number): void {
    if (this.backlog.isEmpty && this.overload(this.runningEvents.size) === undefined) {
      this.startEvent(message);
      return;
    }
    this.backlog.push(message, sizeBytes);
    if (this.admission.isFull) this.admission.whenRoom(this.startWaitingEvents);
  }

  cancel(id: CallId): void {
    const call = this.running.get(id);
    if (call === undefined) return;
    this.forget(call);
    call.cancel(
      new HeartwireError(ErrorCode.CANCELLED, 'the caller no longer wants the answer', { sent: 'answered' }),
    );
  }

  /** Stops everything that runs, and tells nobody: the other end is gone. */
  cancelAll(reason: HeartwireError): void {
    this.backlog.clear();
    this.admission.forget(this.startWaitingEvents);
    this.cancelEach(this.runningEvents, reason);
    this.cancelCalls(reason);
  }

  /** Stops the calls, whose answers nobody wants any more. Events go on. */
  cancelCalls(reason: HeartwireError): void {
    this.deadlines.stop();
    this.cancelEach(this.running.values(), reason);
  }

  /** Fails everything that still runs, and says so to the callers. */
  failAll(reason: HeartwireError): void {
    for (const call of [...this.running.values()]) this.stop(call, reason);
    this.cancelAll(reason);
  }

  answer(call: ServedCall, value: unknown, isLast: boolean): void {
    const { id } = call;
    if (id === undefined || call.isEvent) {
      if (isLast) this.finish(call);
      return;
    }
    if (isLast) {
      this.answerWith(call, () => this.responseMessage(id, value, true));
      return;
    }
    // The deadline bounds the first item only.
    call.deadlineAt = Infinity;
    try {
      this.host.sendAnswer(this.responseMessage(id, value, false));
    } catch (error) {
      // What can't be said ends the stream, at its source too.
      call.cancel(toRefusal(error));
      this.fail(call, error);
    }
  }

  finish(call: ServedCall): void {
    const { id } = call;
    if (id === undefined) this.conclude(call);
    else
      this.answerWith(
        call,
        () => this.encoded({ id, isDisposed: true }) ?? responseText(id, undefined, true),
      );
  }

  fail(call: ServedCall, error: unknown): void {
    const { id } = call;
    this.conclude(call, id === undefined ? undefined : this.failureMessage(id, toWireError(error)));
  }

  timeLeftMs(call: ServedCall): number | undefined {
    return call.deadlineAt === Infinity ? undefined : Math.max(call.deadlineAt - this.clock.now(), 0);
  }

  private cancelEach(calls: Iterable<ServedCall>, reason: HeartwireError): void {
    for (const call of [...calls]) {
      this.forget(call);
      call.cancel(reason);
    }
  }

  private start(call: ServedCall): void {
    this.admission.enter();
    this.dispatch(call);
  }

  private startEvent(message: EventMessage): void {
    const { pattern, data, metadata } = message;
    const call = new ServedCall(this, undefined, true, pattern, data, metadata, Infinity);
    this.runningEvents.add(call);
    this.start(call);
  }

  /** Cancels a call, and tells its caller why. */
  private stop(call: ServedCall, reason: HeartwireError): void {
    call.cancel(reason);
    this.fail(call, reason);
  }

  private answerWith(call: ServedCall, message: () => Outgoing): void {
    let answer: Outgoing;
    try {
      answer = message();
    } catch (error) {
      this.fail(call, error);
      return;
    }
    this.conclude(call, answer);
  }

  /** The call is over. Its last word is queued before the session hears that nothing runs any more. */
  private conclude(call: ServedCall, lastWord?: Outgoing): void {
    call.settle();
    if (lastWord !== undefined) this.host.sendAnswer(lastWord);
    this.forget(call);
  }

  private forget(call: ServedCall): void {
    const wasRunning = call.id === undefined ? this.runningEvents.delete(call) : this.running.delete(call.id);
    if (!wasRunning) return;
    this.admission.leave();
    this.startWaitingEvents();
    if (this.isIdle) this.host.settled();
  }

  private readonly startWaitingEvents = (): void => {
    while (!this.backlog.isEmpty && this.overload(this.runningEvents.size) === undefined) {
      const next = this.backlog.shift();
      if (next !== undefined) this.startEvent(next);
    }
    if (!this.backlog.isEmpty && this.admission.isFull) this.admission.whenRoom(this.startWaitingEvents);
  };

  /** Calls and events have the same bound, each for itself: a flood of events takes no call's place. */
  private overload(running: number): HeartwireError | undefined {
    const { runningCallsPerConnection } = this.limits;
    if (running >= runningCallsPerConnection)
      return overloaded(runningCallsPerConnection, 'on this connection');
    if (this.admission.isFull) return overloaded(this.admission.max, 'in this process');
    return undefined;
  }

  private responseMessage(id: CallId, value: unknown, isLast: boolean): Outgoing {
    const message = this.encoded({ id, response: value, isDisposed: isLast }) ?? answer(id, value, isLast);
    checkSize(message, this.limits.maxFrameBytes);
    return message;
  }

  /** What failed must be told, whatever a serializer makes of it and however long it is. */
  private failureMessage(id: CallId, err: unknown): Outgoing {
    try {
      const message = this.encoded({ id, err, isDisposed: true }) ?? failureText(id, toJson(err) ?? 'null');
      checkSize(message, this.limits.maxFrameBytes);
      return message;
    } catch (error) {
      const isTooLarge = error instanceof HeartwireError && error.code === ErrorCode.FRAME_TOO_LARGE;
      return failureText(id, JSON.stringify(toWireError(isTooLarge ? error : undefined)));
    }
  }

  private encoded(packet: object): string | undefined {
    const encode = this.host.codec?.encode;
    return encode === undefined ? undefined : (toJson(encode(packet)) ?? 'null');
  }

  private expire(now: number): number | undefined {
    let next = Infinity;
    const due: ServedCall[] = [];
    for (const call of this.running.values()) {
      if (call.deadlineAt <= now) {
        due.push(call);
      } else if (call.deadlineAt < next) {
        next = call.deadlineAt;
      }
    }
    for (const call of due) this.stop(call, expired());
    return next === Infinity ? undefined : next;
  }
}

function answer(id: CallId, value: unknown, isLast: boolean): Outgoing {
  if (value instanceof Uint8Array) return { header: responseText(id, undefined, isLast), bytes: value };
  const json = toJson(value);
  if (json === undefined || json.length < LONG_JSON) return responseText(id, json, isLast);
  return withLongMember(responseText(id, undefined, isLast), 'response', json);
}

function expired(): HeartwireError {
  return new HeartwireError(ErrorCode.DEADLINE_EXCEEDED, 'the time that the caller gave is over', {
    sent: 'answered',
  });
}

function overloaded(max: number, where: string): HeartwireError {
  return new HeartwireError(ErrorCode.OVERLOADED, `${String(max)} calls run ${where} already`, {
    sent: 'never',
  });
}
