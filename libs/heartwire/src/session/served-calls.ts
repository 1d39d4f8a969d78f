import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { toWireError } from '../errors/wire-error.js';
import type { CallId, ChunkMessage, EventMessage, RequestMessage } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { quote } from '../protocol/peer-text.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Clock } from '../timing/clock.js';
import { type DeadlineKeeper, DeadlineSweep, systemTimers } from '../timing/deadline-sweep.js';
import type { Admission } from './admission.js';
import { AnswerWriter } from './answer-writer.js';
import { EventBacklog } from './event-backlog.js';
import { overloaded, Refusal } from './refusal.js';
import { RunningCalls } from './running-calls.js';
import { RunningEvents } from './running-events.js';
import type { Serve, Served, ServedHost, ServedLimits } from './served.js';
import { type AnswerStreamOptions, ServedCall, type ServedCallKeeper } from './served-call.js';
import { endInlet, ServedStreams } from './served-streams.js';
import type { StreamSource } from './stream-source.js';

/** Runs the handlers of a call. It must settle the call, or stop when the call is cancelled. */
export type Dispatch = (call: ServedCall) => void;

/** Serves with handlers, as many at once as `admission` lets in. */
export function serveCalls(admission: Admission, dispatch: Dispatch): Serve {
  return (host, clock, limits) => new ServedCalls(host, clock, limits, admission, dispatch);
}

const TIME_IS_OVER = 'the time that the caller gave is over';

/** The calls and events of the other end that run here, with their bounds and deadlines. */
export class ServedCalls implements Served, ServedCallKeeper, DeadlineKeeper {
  /** Set while this end is going away. */
  private refusal: Refusal | undefined;
  /** The other end is gone for good, and only its events are still of use. */
  private isLeft = false;
  private readonly running = new RunningCalls();
  /** Made with the first event. */
  private runningEvents: RunningEvents | undefined;
  private readonly backlog: EventBacklog;
  private readonly deadlines: DeadlineSweep;
  private readonly words: AnswerWriter;
  private readonly streams: ServedStreams;
  /** Made when they are needed: most connections never are so busy. */
  private tooManyCalls: Refusal | undefined;
  private tooManyStreams: Refusal | undefined;
  private inlets = 0;
  /** Calls that were given up, and whose handlers are still at work. */
  private givenUp = 0;

  constructor(
    private readonly host: ServedHost,
    private readonly clock: Clock,
    private readonly limits: ServedLimits,
    private readonly admission: Admission,
    private readonly dispatch: Dispatch,
  ) {
    this.backlog = new EventBacklog(limits.waitingEvents, limits.waitingEventBytes);
    this.deadlines = new DeadlineSweep(clock, systemTimers, this);
    this.words = new AnswerWriter(host.codec, limits);
    this.streams = new ServedStreams(host, this.words, limits);
  }

  get count(): number {
    return this.running.count + this.eventCount;
  }

  private get eventCount(): number {
    return this.runningEvents?.count ?? 0;
  }

  get isIdle(): boolean {
    return this.count === 0 && this.backlog.isEmpty && !this.host.inbound.isDecoding;
  }

  get waitingBytes(): number {
    return this.backlog.bytes + this.streams.waitingBytes;
  }

  refuseNew(reason: string): void {
    this.refusal = new Refusal(ErrorCode.DRAINING, `this end is going away: ${reason}`);
  }

  request(message: RequestMessage | EventMessage, id: CallId): void {
    if (this.isLeft) return;
    if (this.running.get(id) !== undefined)
      throw new ProtocolViolation(
        'PROTOCOL_ERROR',
        `id ${typeof id === 'string' ? quote(id) : String(id)} is in use already`,
      );
    const isRequest = message.kind === 'request';
    const timeoutMs = isRequest ? message.timeoutMs : undefined;
    const sendsStream = isRequest && message.stream === true;
    const refusal = this.refusalFor(sendsStream, timeoutMs);
    if (refusal !== undefined) {
      this.host.sendAnswer(this.words.refusal(id, refusal));
      return;
    }
    const deadlineAt = timeoutMs === undefined ? Infinity : this.clock.now() + timeoutMs;
    const { pattern, data, metadata } = message;
    const call = new ServedCall(this, id, !isRequest, pattern, data, metadata, deadlineAt);
    if (sendsStream) {
      this.inlets += 1;
      call.inlet = this.streams.inletFor(id, (error) => {
        this.stop(call, error);
      });
    }
    this.running.add(call, id);
    if (deadlineAt !== Infinity) this.deadlines.watch(deadlineAt);
    this.start(call);
  }

  /** One for a call that is over is late, and dropped. */
  chunk(message: ChunkMessage, frameBytes: number): void {
    this.running.get(message.id)?.inlet?.receive(message, frameBytes);
  }

  chunkEnd(id: CallId, err: unknown): void {
    endInlet(this.running.get(id)?.inlet, err);
  }

  credit(id: CallId, items: number): void {
    this.running.get(id)?.answers?.grant(items);
  }

  /** Beyond the bound of running calls it waits in order. */
  event(message: EventMessage, sizeBytes: number): void {
    if (this.backlog.isEmpty && this.hasRoomForEvent()) {
      this.startEvent(message);
      return;
    }
    this.backlog.push(message, sizeBytes);
    if (this.admission.isFull) this.admission.whenRoom(this.startWaitingEvents);
  }

  cancel(id: CallId): void {
    const call = this.running.get(id);
    if (call === undefined) return;
    this.forget(
      call,
      new HeartwireError(ErrorCode.CANCELLED, 'the caller no longer wants the answer', { sent: 'answered' }),
    );
  }

  cancelAll(reason: HeartwireError): void {
    this.backlog.clear();
    this.admission.forget(this.startWaitingEvents);
    this.cancelEach(this.runningEvents ?? [], reason);
    this.cancelRunning(reason);
  }

  cancelCalls(reason: HeartwireError): void {
    this.isLeft = true;
    this.cancelRunning(reason);
  }

  failAll(reason: HeartwireError): void {
    for (const call of [...this.running]) this.stop(call, reason);
    this.cancelAll(reason);
  }

  answer(call: ServedCall, value: unknown): void {
    const { id } = call;
    if (id === undefined || call.isEvent) this.finish(call);
    else this.say(call, () => this.words.value(id, value, true));
  }

  finish(call: ServedCall): void {
    const { id } = call;
    if (id === undefined) this.conclude(call);
    else this.say(call, () => this.words.end(id));
  }

  stream(call: ServedCall, id: CallId, source: StreamSource, options: AnswerStreamOptions): void {
    this.streams.answer(call, id, source, options, () => {
      this.conclude(call);
      options.onEnd?.();
    });
  }

  fail(call: ServedCall, error: unknown): void {
    const { id } = call;
    this.conclude(call, id === undefined ? undefined : this.words.failure(id, toWireError(error)));
  }

  timeLeftMs(call: ServedCall): number | undefined {
    return call.deadlineAt === Infinity ? undefined : Math.max(call.deadlineAt - this.clock.now(), 0);
  }

  returned(): void {
    this.givenUp -= 1;
    this.admission.leave();
    this.startWaitingEvents();
  }

  expire(now: number): number {
    let next = Infinity;
    const due: ServedCall[] = [];
    for (const call of this.running) {
      if (call.deadlineAt <= now) {
        due.push(call);
      } else if (call.deadlineAt < next) {
        next = call.deadlineAt;
      }
    }
    for (const call of due) this.stop(call, expired());
    return next;
  }

  private cancelRunning(reason: HeartwireError): void {
    this.deadlines.stop();
    this.cancelEach(this.running, reason);
  }

  private cancelEach(calls: Iterable<ServedCall>, reason: HeartwireError): void {
    for (const call of [...calls]) this.forget(call, reason);
  }

  private start(call: ServedCall): void {
    this.admission.enter();
    this.dispatch(call);
  }

  private readonly startEvent = (message: EventMessage): void => {
    const { pattern, data, metadata } = message;
    const call = new ServedCall(this, undefined, true, pattern, data, metadata, Infinity);
    this.runningEvents ??= new RunningEvents();
    this.runningEvents.add(call);
    this.start(call);
  };

  /** Cancels a call, and tells its caller why. */
  private stop(call: ServedCall, reason: HeartwireError): void {
    call.cancel(reason);
    this.fail(call, reason);
  }

  private say(call: ServedCall, message: () => Outgoing): void {
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

  /**
   * With a `reason` it is cancelled, and counts until its handler is done: who makes calls and cancels them
   * must not have more handlers at work than who waits for the answers.
   */
  private forget(call: ServedCall, reason?: HeartwireError): void {
    const wasRunning = call.id === undefined ? this.runningEvents?.remove(call) : this.running.remove(call);
    if (wasRunning !== true) return;
    if (call.inlet !== undefined) this.inlets -= 1;
    if (reason !== undefined) call.cancel(reason);
    if (call.isAtWork) this.givenUp += 1;
    else this.admission.leave();
    this.startWaitingEvents();
    if (this.isIdle) this.host.settled();
  }

  private readonly startWaitingEvents = (): void => {
    if (this.backlog.isEmpty) return;
    const areLeft = this.backlog.drain(this.hasRoomForEvent, this.startEvent);
    if (areLeft && this.admission.isFull) this.admission.whenRoom(this.startWaitingEvents);
  };

  private refusalFor(sendsStream: boolean, timeoutMs: number | undefined): Refusal | undefined {
    const { incomingStreams, runningCallsPerConnection } = this.limits;
    // One with a stream that has crossed the goaway can't be made again: its stream has begun.
    if (this.refusal !== undefined && !sendsStream) return this.refusal;
    // The caller doesn't know of handlers that go on: those of a few calls that it gave up cost it no other call.
    if (Math.max(this.running.count, this.givenUp) >= runningCallsPerConnection)
      return (this.tooManyCalls ??= overloaded(runningCallsPerConnection, 'on this connection'));
    if (this.admission.isFull) return this.admission.refusal;
    if (sendsStream && this.inlets >= incomingStreams)
      return (this.tooManyStreams ??= overloaded(incomingStreams, 'on this connection', 'streams'));
    return timeoutMs === 0 ? new Refusal(ErrorCode.DEADLINE_EXCEEDED, TIME_IS_OVER) : undefined;
  }

  /** Calls and events have the same bound, each for itself: a flood of events takes no call's place. */
  private readonly hasRoomForEvent = (): boolean =>
    this.eventCount < this.limits.runningCallsPerConnection && !this.admission.isFull;
}

function expired(): HeartwireError {
  return new HeartwireError(ErrorCode.DEADLINE_EXCEEDED, TIME_IS_OVER, { sent: 'answered' });
}
