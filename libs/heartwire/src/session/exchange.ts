import { HeartwireError } from '../errors/heartwire-error.js';
import { fromWireError } from '../errors/wire-error.js';
import type { CallId, CallMessage } from '../protocol/messages.js';
import type { Clock } from '../timing/clock.js';
import type { Admission } from './admission.js';
import type { OutgoingCall } from './outgoing-call.js';
import { OutgoingCalls, type OutgoingCallsHost } from './outgoing-calls.js';
import { type Dispatch, ServedCalls, type ServedCallsHost } from './served-calls.js';
import type { SessionLimits } from './session-settings.js';

export interface ExchangeHost extends OutgoingCallsHost, ServedCallsHost {
  /** `true` when the failed call will be sent again, instead of failing. */
  retries(call: OutgoingCall, error: HeartwireError): boolean;
}

/** The calls of both directions: those that this end makes, and those that it serves. */
export class Exchange {
  readonly calls: OutgoingCalls;
  readonly served: ServedCalls;

  constructor(
    private readonly host: ExchangeHost,
    clock: Clock,
    limits: SessionLimits,
    admission: Admission,
    dispatch: Dispatch,
  ) {
    this.calls = new OutgoingCalls(host, clock, limits);
    this.served = new ServedCalls(host, clock, limits, admission, dispatch);
  }

  get isIdle(): boolean {
    return this.served.isIdle && this.calls.isIdle;
  }

  receive(message: CallMessage, frameBytes: number): void {
    switch (message.kind) {
      case 'response':
        this.calls.response(message.id, message.response, message.isDisposed);
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
        this.served.cancel(message.id);
        break;
      case 'chunk':
      case 'chunk-end':
      case 'credit':
        // The caller's streams are not part of this version: none can be open, so it is an idle word.
        break;
    }
  }

  private callFailed(id: CallId, err: unknown): void {
    const call = this.calls.release(id);
    if (call === undefined) return;
    const error = fromWireError(err);
    if (error instanceof HeartwireError && this.host.retries(call, error)) return;
    call.fail(error);
  }
}
