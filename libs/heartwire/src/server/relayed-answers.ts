import { Subscription } from 'rxjs';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { toWireError } from '../errors/wire-error.js';
import type { HubNews } from '../options/hub-adapter.js';
import type { ClientCalls } from './client-calls.js';
import { partLost } from './relayed-calls.js';

/** Calls of other instances to clients of this one. */
export class RelayedAnswers {
  /** What runs, by the instance that asked and by its id for the call. */
  private readonly running = new Map<string, Map<string, Subscription>>();

  constructor(
    private readonly client: (clientId: string) => ClientCalls | undefined,
    private readonly publish: (news: HubNews, to: string) => void,
  ) {}

  serve(instance: string, call: Extract<HubNews, { readonly type: 'call' }>): void {
    const { callId, clientId, pattern, data, metadata, timeoutMs } = call;
    const subscription = this.begin(instance, callId);
    const end = (failure?: { readonly err: unknown }): void => {
      this.cancel(instance, callId);
      try {
        this.publish({ type: 'answered', callId, ...(failure && { failure }) }, instance);
      } catch (error) {
        this.publish({ type: 'answered', callId, failure: { err: failureOf(error) } }, instance);
      }
    };
    const options = { timeoutMs, ...(metadata && { metadata }) };
    subscription.add(
      this.client(clientId)
        ?.send<unknown>(pattern, data, options)
        .subscribe({
          next: (value) => {
            try {
              this.publish({ type: 'answer', callId, data: value }, instance);
            } catch (error) {
              end({ err: failureOf(error) });
            }
          },
          error: (error: unknown) => {
            end({ err: failureOf(error) });
          },
          complete: end,
        }),
    );
  }

  cancel(instance: string, callId: string): void {
    const calls = this.running.get(instance);
    const subscription = calls?.get(callId);
    calls?.delete(callId);
    if (calls?.size === 0) this.running.delete(instance);
    subscription?.unsubscribe();
  }

  /** That instance may have given up any of its calls. */
  miss(instance: string): void {
    this.fail(instance, partLost());
  }

  /** That instance is gone: or only silent for so long, and then it waits for what nobody answers any more. */
  lose(instance: string): void {
    this.fail(instance, forgotten());
  }

  close(): void {
    for (const [instance, calls] of [...this.running])
      for (const callId of [...calls.keys()]) this.cancel(instance, callId);
  }

  private fail(instance: string, error: HeartwireError): void {
    for (const callId of [...(this.running.get(instance)?.keys() ?? [])]) {
      this.cancel(instance, callId);
      this.publish({ type: 'answered', callId, failure: { err: failureOf(error) } }, instance);
    }
  }

  private begin(instance: string, callId: string): Subscription {
    const calls = this.running.get(instance) ?? new Map<string, Subscription>();
    const subscription = new Subscription();
    this.running.set(instance, calls.set(callId, subscription));
    return subscription;
  }
}

function forgotten(): HeartwireError {
  const message =
    'the instance of the client has heard nothing of this one for too long, and gave the call up';
  return new HeartwireError(ErrorCode.CONNECTION_LOST, message, { sent: 'maybe' });
}

/** As it travels; a call that never reached the client may be made again. */
function failureOf(error: unknown): unknown {
  const wasNeverSent = error instanceof HeartwireError && error.sent === 'never';
  return wasNeverSent ? { ...error.toJSON(), sent: 'never' } : toWireError(error);
}
