import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromWireError } from '../errors/wire-error.js';
import type { HubNews } from '../options/hub-adapter.js';
import type { StreamHandle } from '../session/incoming-stream.js';
import { type ReplyObserver, tell } from '../session/reply-observer.js';
import { monotonicClock } from '../timing/clock.js';
import { type DeadlineKeeper, DeadlineSweep, systemTimers } from '../timing/deadline-sweep.js';
import type { ClientCallOptions } from './client-call-options.js';

/** Calls that may wait for their answers at once. */
const MAX_CALLS = 16_384;
/** Items that whoever iterates over an answer may leave untaken: nothing tells the other instance to wait. */
const MAX_UNTAKEN = 1_024;

interface RelayedCall {
  readonly instance: string;
  readonly observer: ReplyObserver;
  readonly pulls: boolean;
  readonly idleTimeoutMs: number;
  readonly forgetSignal: () => void;
  deadlineAt: number;
  untaken: number;
}

/** Calls of this instance to clients of others: what goes out, and who waits for what comes back. */
export class RelayedCalls implements DeadlineKeeper {
  private readonly calls = new Map<string, RelayedCall>();
  private lastId = 0;
  private readonly deadlines = new DeadlineSweep(monotonicClock, systemTimers, this);

  constructor(
    private readonly instanceOf: (clientId: string) => string | undefined,
    private readonly publish: (news: HubNews, to: string) => void,
  ) {}

  /**
   * `undefined` when no other instance has that client.
   *
   * @throws HeartwireError `UNSERIALIZABLE` (a `stream` can't go with it), `FRAME_TOO_LARGE`, `QUEUE_FULL`
   */
  start(
    clientId: string,
    pattern: unknown,
    data: unknown,
    options: ClientCallOptions & { readonly timeoutMs: number },
    observer: ReplyObserver,
    pulls: boolean,
  ): StreamHandle | undefined {
    const instance = this.instanceOf(clientId);
    if (instance === undefined) return undefined;
    if (options.stream !== undefined)
      throw new HeartwireError(ErrorCode.UNSERIALIZABLE, `a stream can't be sent to ${elsewhere(clientId)}`);
    if (this.calls.size >= MAX_CALLS)
      throw new HeartwireError(ErrorCode.QUEUE_FULL, `${String(MAX_CALLS)} calls to other instances wait`);
    const { metadata, signal, timeoutMs, idleTimeoutMs = Infinity } = options;
    if (signal?.aborted === true) throw aborted(signal, 'never');
    this.lastId += 1;
    const callId = String(this.lastId);
    const abort = (): void => this.giveUp(callId, aborted(signal, 'maybe'));
    signal?.addEventListener('abort', abort, { once: true });
    const forgetSignal = (): void => signal?.removeEventListener('abort', abort);
    const deadlineAt = monotonicClock.now() + timeoutMs;
    const call = { instance, observer, pulls, idleTimeoutMs, forgetSignal, deadlineAt, untaken: 0 };
    this.calls.set(callId, call);
    this.deadlines.watch(deadlineAt);
    try {
      // Within one process the answer may be here before this returns.
      this.publish({ type: 'call', callId, clientId, pattern, data, metadata, timeoutMs }, instance);
    } catch (error) {
      this.settle(callId);
      throw error;
    }
    return {
      taken: () => {
        call.untaken -= 1;
      },
      unsubscribe: () => {
        this.giveUp(callId);
      },
    };
  }

  hear(instance: string, news: Extract<HubNews, { readonly type: 'answer' | 'answered' }>): void {
    const call = this.calls.get(news.callId);
    if (call?.instance !== instance) return;
    if (news.type === 'answered') {
      this.settle(news.callId);
      const { failure } = news;
      tell(call.observer, (observer) => {
        if (failure === undefined) observer.complete();
        else observer.error(fromWireError(failure.err));
      });
      return;
    }
    call.untaken += call.pulls ? 1 : 0;
    if (call.untaken > MAX_UNTAKEN) {
      this.giveUp(news.callId, new HeartwireError(ErrorCode.SLOW_CONSUMER, 'the answer is not read'));
      return;
    }
    call.deadlineAt = monotonicClock.now() + call.idleTimeoutMs;
    this.deadlines.watch(call.deadlineAt);
    tell(call.observer, (observer) => {
      observer.next(news.data);
    });
  }

  /** Part of an answer of that instance, or its end, may be lost. */
  miss(instance: string): void {
    for (const [callId, call] of this.calls) {
      if (call.instance === instance) this.giveUp(callId, partLost());
    }
  }

  /** That instance is gone, with its clients: or only silent for so long, and then it must hear that nobody waits. */
  lose(instance: string): void {
    for (const [callId, call] of this.calls) {
      if (call.instance === instance)
        this.giveUp(
          callId,
          new HeartwireError(ErrorCode.CONNECTION_LOST, 'the instance of the client is gone'),
        );
    }
  }

  close(): void {
    for (const callId of [...this.calls.keys()])
      this.giveUp(callId, new HeartwireError(ErrorCode.CLOSED, 'the server was closed', { sent: 'maybe' }));
  }

  expire(now: number): number {
    let next = Infinity;
    for (const [callId, { deadlineAt }] of this.calls) {
      if (deadlineAt > now) next = Math.min(next, deadlineAt);
      else this.giveUp(callId, new HeartwireError(ErrorCode.DEADLINE_EXCEEDED, 'no answer came in time'));
    }
    return next;
  }

  /** @param error for the caller, if it is still there */
  private giveUp(callId: string, error?: HeartwireError): void {
    const call = this.settle(callId);
    if (call === undefined) return;
    this.publish({ type: 'cancel', callId }, call.instance);
    if (error !== undefined) fail(call, error);
  }

  private settle(callId: string): RelayedCall | undefined {
    const call = this.calls.get(callId);
    call?.forgetSignal();
    this.calls.delete(callId);
    if (this.calls.size === 0) this.deadlines.stop();
    return call;
  }
}

function fail({ observer }: RelayedCall, error: HeartwireError): void {
  tell(observer, (caller) => {
    caller.error(error);
  });
}

/** Between instances something was lost, so a call can't go on. */
export function partLost(): HeartwireError {
  const message = 'part of what the instances say to each other is lost, and the call with it';
  return new HeartwireError(ErrorCode.CONNECTION_LOST, message, { sent: 'maybe' });
}

function elsewhere(clientId: string): string {
  return `client ${clientId}, which is connected to another instance`;
}

function aborted(signal: AbortSignal | undefined, sent: 'never' | 'maybe'): HeartwireError {
  return new HeartwireError(ErrorCode.CANCELLED, 'the call was aborted', { sent, cause: signal?.reason });
}
