import { HeartwireError } from '../errors/heartwire-error.js';
import { fromWireError } from '../errors/wire-error.js';
import type { CallId, CallMessage } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import type { Clock } from '../timing/clock.js';
import { checkSize } from './message-size.js';
import type { OutgoingCall } from './outgoing-call.js';
import { OutgoingCalls, type OutgoingCallsHost } from './outgoing-calls.js';
import { refused } from './reasons.js';
import type { Serve, Served, ServedHost } from './served.js';
import type { SessionLimits } from './session-settings.js';

export interface ExchangeHost extends OutgoingCallsHost, ServedHost {
  /** `true` when the call, which the other end has not begun, will be sent again, instead of failing. */
  retries(call: OutgoingCall, error: HeartwireError): boolean;
}

/** The calls of both directions: those that this end makes, and those that it serves. */
export class Exchange {
  readonly calls: OutgoingCalls;
  readonly served: Served;
  /** Messages of the other end, and pushes of this one, so far. */
  private used = 0;

  constructor(
    private readonly host: ExchangeHost,
    clock: Clock,
    /** The other end's, once it has said them. */
    private readonly limits: SessionLimits,
    serve: Serve,
  ) {
    this.calls = new OutgoingCalls(host, clock, limits);
    this.served = serve(host, clock, limits);
  }

  /**
   * Tells the other end something, behind the answers that wait already. What it doesn't read counts against
   * the session's own bound.
   *
   * @throws HeartwireError `FRAME_TOO_LARGE` when the other end takes less
   */
  push(message: Outgoing): void {
    checkSize(message, this.limits.maxFrameBytes);
    this.used += 1;
    this.host.sendAnswer(message);
  }

  get isIdle(): boolean {
    return this.served.isIdle && this.calls.isIdle;
  }

  /** Changes with each use of the connection; `undefined` while it is in use. */
  get useCount(): number | undefined {
    return this.isIdle ? this.used : undefined;
  }

  receive(message: CallMessage, frameBytes: number): void {
    this.used += 1;
    switch (message.kind) {
      case 'response':
        this.calls.response(message, frameBytes);
        break;
      case 'request':
        this.served.request(message, message.id);
        break;
      case 'event':
        if (message.id === undefined) this.served.event(message, frameBytes);
        else this.served.request(message, message.id);
        break;
      case 'end':
        this.calls.end(message.id);
        break;
      case 'failure':
        this.callFailed(message.id, message.err);
        break;
      case 'cancel':
        if (message.stream === true) this.calls.streamUnwanted(message.id);
        else this.served.cancel(message.id);
        break;
      case 'chunk':
        this.served.chunk(message, frameBytes);
        break;
      case 'chunk-end':
        this.served.chunkEnd(message.id, message.err);
        break;
      case 'credit':
        if (message.stream === true) this.calls.credit(message.id, message.n);
        else this.served.credit(message.id, message.n);
        break;
    }
  }

  private callFailed(id: CallId, err: unknown): void {
    const call = this.calls.release(id);
    if (call === undefined) return;
    const error = fromWireError(err);
    const isRefusal = error instanceof HeartwireError && error.sent === 'never';
    if (isRefusal) {
      call.refused();
      if (this.host.retries(call, error)) return;
    }
    call.fail(isRefusal ? refused(call, error) : error);
  }
}
