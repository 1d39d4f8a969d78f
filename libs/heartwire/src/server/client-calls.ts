import type { Observable } from 'rxjs';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { sharedSignal } from '../link/shared-signal.js';
import type { Clock } from '../timing/clock.js';
import { abortWith } from '../session/abort-with.js';
import { callBody } from '../session/call-body.js';
import { timeoutOf, traitsOf } from '../session/call-options.js';
import { checkedMetadata } from '../session/checked-metadata.js';
import { ItemStream, type StreamHandle } from '../session/incoming-stream.js';
import { OutgoingCall } from '../session/outgoing-call.js';
import type { ReplyObserver } from '../session/reply-observer.js';
import type { Session } from '../session/session.js';
import { stopUnused } from '../session/stream-source.js';
import type { ClientCallOptions } from './client-call-options.js';
import type { RelayedCalls } from './relayed-calls.js';

/** Calls to one client. */
export class ClientCalls {
  /** @param session looks the client's session up: missing for a client that is gone */
  constructor(
    private readonly clientId: string,
    private readonly session: () => Session | undefined,
    private readonly clock: Clock,
    /** For a client of another instance. */
    private readonly relay: Pick<RelayedCalls, 'start'>,
    /** For calls that name no deadline, in ms. */
    private readonly callTimeoutMs: number,
  ) {}

  /**
   * Calls what the client has for the pattern: its `@PushPattern` methods, or what it gave to
   * `client.handle`. Nothing is sent before the Observable is subscribed to or iterated over; to leave it
   * early cancels the call, at the client too. While the client's link is away, the call waits for the next one.
   *
   * It fails as the calls of a client do: with `DEADLINE_EXCEEDED` after `timeoutMs` (default: the server's `callTimeoutMs`), with
   * `NO_HANDLER`, with what the client's handler threw, and with `CONNECTION_LOST` when the client is gone.
   *
   * A client of another instance is called over the adapter. It can't be sent a `stream`, which fails with
   * `UNSERIALIZABLE`, and an answer that is iterated over fails with `SLOW_CONSUMER` when it gets 1024 items ahead.
   *
   * @example
   * const answer = await firstValueFrom(hub.client(id).send<boolean>('confirm', { amount }, { timeoutMs: 30_000 }));
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Nest's ClientProxy has it
  send<TResult = any>(
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- patterns are any in Nest
    pattern: any,
    data: unknown,
    options?: ClientCallOptions,
  ): Observable<TResult> & AsyncIterable<TResult> {
    return new ItemStream<TResult>((observer, pulls) => this.start(pattern, data, options, observer, pulls));
  }

  private start(
    pattern: unknown,
    data: unknown,
    options: ClientCallOptions | undefined,
    observer: ReplyObserver,
    pulls: boolean,
  ): StreamHandle | undefined {
    try {
      const timeoutMs = timeoutOf(options, this.callTimeoutMs);
      const signal = options?.signal === undefined ? undefined : sharedSignal(options.signal);
      const session = this.session();
      if (session === undefined) {
        const metadata = checkedMetadata(options?.metadata);
        const relayed = this.relay.start(
          this.clientId,
          pattern,
          data,
          { ...options, metadata, signal, timeoutMs },
          observer,
          pulls,
        );
        if (relayed === undefined) throw gone(this.clientId);
        return relayed;
      }
      const body = callBody(pattern, data, options?.metadata, session.codec);
      const deadlineAt = this.clock.now() + timeoutMs;
      const traits = traitsOf('request', options, pulls, Infinity);
      const call = new OutgoingCall('request', body, observer, deadlineAt, timeoutMs, traits);
      if (signal !== undefined) abortWith(signal, call);
      session.calls.add(call);
      return call;
    } catch (error) {
      if (options?.stream !== undefined) stopUnused(options.stream, () => undefined);
      observer.error(error);
      return undefined;
    }
  }
}

function gone(clientId: string): HeartwireError {
  return new HeartwireError(ErrorCode.CONNECTION_LOST, `no client goes by the id ${clientId} now`, {
    sent: 'never',
    retryable: false,
  });
}
