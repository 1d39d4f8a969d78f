import { AsyncSubject, type Observable, ReplaySubject } from 'rxjs';

import { abortWith } from '../session/abort-with.js';
import { callBody } from '../session/call-body.js';
import { type EmitOptions, type SendOptions, timeoutOf, traitsOf } from '../session/call-options.js';
import type { ConnectionStatus } from '../session/connection-status.js';
import { type IncomingStream, ItemStream } from '../session/incoming-stream.js';
import { type CallKind, OutgoingCall } from '../session/outgoing-call.js';
import type { ReplyObserver } from '../session/reply-observer.js';
import { stopUnused } from '../session/stream-source.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Runtime } from '../timing/runtime.js';
import type { Settings } from './connect-options.js';
import { watchNetwork } from './network-watch.js';
import type { Platform } from './platform.js';
import { Pushes } from './pushes.js';
import { ReconnectLoop } from './reconnect-loop.js';

/** Calls the handlers of a Heartwire server, from a page. What its methods do is what they do on `HeartwireClient`. */
export class BrowserClient {
  /** Where the client stands: the current status first, then each change. Completes once it is closed. */
  readonly status$: Observable<ConnectionStatus>;
  /** How the connection is: the latest first, then each change. Completes when the client is closed. */
  readonly liveness$: Observable<Liveness>;

  private current: ConnectionStatus = 'connecting';
  private readonly statusSubject = new ReplaySubject<ConnectionStatus>(1);
  private readonly livenessSubject = new ReplaySubject<Liveness>(1);
  private readonly pushes = new Pushes();
  private readonly loop: ReconnectLoop;
  private closing: Promise<void> | undefined;

  /** For {@link connect}. */
  constructor(
    private readonly settings: Settings,
    private readonly runtime: Runtime,
    platform: Platform,
  ) {
    this.statusSubject.next(this.current);
    this.status$ = this.statusSubject.asObservable();
    this.liveness$ = this.livenessSubject.asObservable();
    this.loop = new ReconnectLoop(settings, runtime, this.pushes.serve, {
      statusChanged: (status) => {
        if (status !== this.current) this.statusSubject.next((this.current = status));
        if (status !== 'closed') return;
        network.unsubscribe();
        this.statusSubject.complete();
        this.livenessSubject.complete();
      },
      livenessChanged: (liveness) => {
        this.livenessSubject.next(liveness);
      },
    });
    const network = watchNetwork(platform).subscribe((isWorthTrying) => {
      this.loop.lookNow(isWorthTrying);
    });
  }

  /** Where the client stands now. */
  get status(): ConnectionStatus {
    return this.current;
  }

  /**
   * Calls a handler. Nothing is sent before the Observable is subscribed to or iterated over; to leave it early cancels
   * the call, at the handler too. A call made while there is no connection waits for one within its deadline. With
   * `options.stream`, a stream goes with the call. Bytes are `Uint8Array`s, both ways.
   *
   * Fails with a {@link HeartwireError} when the transport failed, and with what the handler threw when the handler did.
   *
   * @example
   * for await (const line of client.send<string>('logs.tail', { service })) show(line);
   */
  send<Result = unknown>(pattern: unknown, data?: unknown, options?: SendOptions): IncomingStream<Result> {
    return new ItemStream<Result>((observer, pulls) =>
      this.start('request', pattern, data, options, observer, pulls),
    );
  }

  /**
   * Tells an event, at once. The Observable completes when it was sent, or handled with `acknowledge`. It fails when that
   * couldn't be done in time, and with `acknowledge` when a handler failed.
   */
  emit(pattern: unknown, data?: unknown, options?: EmitOptions): Observable<undefined> {
    const outcome = new AsyncSubject<undefined>();
    const kind = options?.acknowledge === true ? 'acknowledged-event' : 'event';
    this.start(kind, pattern, data, options, {
      next: () => undefined,
      error: (error) => {
        outcome.error(error);
      },
      complete: () => {
        outcome.next(undefined);
        outcome.complete();
      },
    });
    return outcome.asObservable();
  }

  /**
   * What the server pushes under a pattern, from the subscription on. It never ends.
   *
   * @example
   * chat.on$<Line>('said').subscribe(({ from, text }) => show(`${from}: ${text}`));
   */
  on$<Data = unknown>(pattern: unknown): Observable<Data> {
    return this.pushes.on$(pattern) as Observable<Data>;
  }

  /** Finishes what runs within `drainTimeoutMs`, then closes, for good. Never rejects; the same promise each time. */
  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      this.statusSubject.subscribe({ complete: resolve });
      this.loop.close();
    });
    return this.closing;
  }

  private start(
    kind: CallKind,
    pattern: unknown,
    data: unknown,
    options: (SendOptions & EmitOptions) | undefined,
    observer: ReplyObserver,
    pulls = false,
  ): OutgoingCall | undefined {
    const { callTimeoutMs, idleTimeoutMs } = this.settings;
    try {
      const body = callBody(pattern, data, options?.metadata);
      const timeoutMs = timeoutOf(options, callTimeoutMs);
      const deadlineAt = this.runtime.clock.now() + timeoutMs;
      const traits = traitsOf(kind, options, pulls, idleTimeoutMs);
      const call = new OutgoingCall(kind, body, observer, deadlineAt, timeoutMs, traits);
      if (options?.signal !== undefined) abortWith(options.signal, call);
      this.loop.request(call);
      return call;
    } catch (error) {
      if (options?.stream !== undefined) stopUnused(options.stream, () => undefined);
      observer.error(error);
      return undefined;
    }
  }
}
