import { EventEmitter } from 'node:events';

import { Logger } from '@nestjs/common';
import { ClientProxy, type MsPattern, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { AsyncSubject, defer, lastValueFrom, Observable, Subject } from 'rxjs';

import { Dialler } from '../link/dialler.js';
import { nodeRuntime } from '../link/node-runtime.js';
import { sharedSignal } from '../link/shared-signal.js';
import { type BalancedPacket, keyOf } from '../options/balance.js';
import type { HeartwireClientOptions, ResolvedClientOptions } from '../options/client-options.js';
import { resolveClientOptions } from '../options/resolve-options.js';
import type { Metadata } from '../protocol/messages.js';
import { abortWith } from '../session/abort-with.js';
import { callBody } from '../session/call-body.js';
import { type EmitOptions, type SendOptions, timeoutOf, traitsOf } from '../session/call-options.js';
import { type Codec, codecOf } from '../session/codec.js';
import type { ConnectionStatus } from '../session/connection-status.js';
import { explainThrown } from '../session/explain-thrown.js';
import { ItemStream } from '../session/incoming-stream.js';
import { type CallKind, OutgoingCall } from '../session/outgoing-call.js';
import type { ReplyObserver } from '../session/reply-observer.js';
import { SharedSendBuffer } from '../session/shared-send-buffer.js';
import { stopUnused } from '../session/stream-source.js';
import type { HeartwireClientEvents } from './client-events.js';
import { ConnectionPool } from './connection-pool.js';
import { deferredListener } from './deferred-listener.js';
import { type EndpointLiveness, type EndpointSnapshot, snapshotOf } from './endpoint-snapshot.js';
import { type PushHandler, Pushes } from './pushes.js';
import { isNil, refused } from './refused.js';
import { transformedError, transformedObserver, type ResponseTransform } from './response-transform.js';

/**
 * Calls the handlers of a Heartwire server.
 *
 * `send` and `emit` fail with a {@link HeartwireError} when the transport failed, and with what the
 * handler threw when the handler did.
 *
 * @example
 * const orders = new HeartwireClient({ url: 'tcp://orders:4001' });
 * const order = await firstValueFrom(orders.send<Order>('orders.create', dto));
 */
export class HeartwireClient extends ClientProxy<HeartwireClientEvents> {
  /** How the connections are: the latest of each first, then each change of any. `endpoint` tells of which server. Never ends. */
  readonly liveness$: Observable<EndpointLiveness>;

  private readonly logger = new Logger(HeartwireClient.name);
  private readonly livenessSubject = new Subject<EndpointLiveness>();
  private readonly events = new EventEmitter();
  private readonly options: ResolvedClientOptions;
  private readonly codec: Codec | undefined;
  private readonly keyOf: ((packet: BalancedPacket) => string) | undefined;
  private readonly pushes: Pushes;
  private readonly transform: ResponseTransform = {
    response: (value) => this.serializeResponse(value) as unknown,
    error: (error) => this.serializeError(error) as unknown,
  };
  private pool: ConnectionPool;

  /** @throws HeartwireError `INVALID_OPTIONS`, naming every fault. */
  constructor(options: HeartwireClientOptions) {
    super();
    this.options = resolveClientOptions(options);
    this.codec = codecOf(this.options);
    this.keyOf = keyOf(this.options.balance);
    this.pushes = new Pushes(
      (pattern) => this.normalizePattern(pattern as MsPattern),
      (thrown) => explainThrown(thrown, (text) => this.logger.error(text)),
    );
    this.pool = this.newPool();
    this.liveness$ = new Observable((subscriber) => {
      for (const { endpoint, liveness } of this.endpoints)
        if (liveness !== undefined) subscriber.next({ ...liveness, endpoint });
      return this.livenessSubject.subscribe(subscriber);
    });
  }

  /** The servers that it is connected to or wants to be, as they are now. Empty before `connect()` and after `close()`. */
  get endpoints(): readonly EndpointSnapshot[] {
    return this.pool.connections.map(snapshotOf);
  }

  /** Where the client as a whole stands, the current status first. */
  // Not by a type argument of the base class: `customClass` takes only clients whose status may be any string.
  override get status(): Observable<ConnectionStatus> {
    return super.status as Observable<ConnectionStatus>;
  }

  /**
   * Starts connecting, if nothing else has yet. Resolves once one server is ready, or each was tried:
   * calls wait for the next attempts within their deadlines. It rejects when no server could be reached and
   * none is tried again: with `strict`, with a `reconnect.maxAttempts` of 0 or 1, and when all refuse the
   * credentials. After `close()` it opens the client again.
   *
   * @throws HeartwireError `CONNECT_FAILED`, `CONNECT_TIMEOUT`, `HANDSHAKE_FAILED` or `UNAUTHENTICATED`; with `strict` also
   * `CLOSED`, when the client is closed first
   */
  override connect(): Promise<void> {
    this.reopen();
    return this.pool.connect();
  }

  /** An application starts that has it: open again, where an earlier one has closed it. Called by Nest. @internal */
  onModuleInit(): void {
    this.reopen();
  }

  /** Finishes what runs within `drainTimeoutMs`, then closes. It doesn't reconnect by itself after that. Never rejects. */
  override close(): Promise<void> {
    return this.pool.close();
  }

  /**
   * Calls a handler. Nothing is sent before the Observable is subscribed to or iterated over; to leave
   * it early cancels the call, at the handler too. A call made while there is no connection waits for one
   * within its deadline. With `options.stream`, a stream goes with the call.
   *
   * @example
   * for await (const line of logs.send<string>('logs.tail', { service })) console.log(line);
   */
  // Nest's own defaults, so that calls without type arguments read as they do there.
  /* eslint-disable @typescript-eslint/no-explicit-any */
  override send<TResult = any, TInput = any>(
    pattern: any,
    data: TInput,
    options?: SendOptions,
  ): Observable<TResult> & AsyncIterable<TResult> {
    if (isNil(pattern) || isNil(data)) return refused(super.send<TResult, TInput>(pattern, data));
    return new ItemStream<TResult>((observer, pulls) =>
      this.start('request', pattern, data, options, this.replyTo(observer), pulls),
    );
  }

  /**
   * Tells an event, at once. The Observable completes when it was sent, or handled with `acknowledge`. It fails when that
   * couldn't be done in time, and with `acknowledge` when a handler failed.
   */
  override emit<TResult = any, TInput = any>(
    pattern: any,
    data: TInput,
    options?: EmitOptions,
  ): Observable<TResult> {
    if (isNil(pattern) || isNil(data)) return super.emit<TResult, TInput>(pattern, data);
    const outcome = new AsyncSubject<TResult>();
    const kind = options?.acknowledge === true ? 'acknowledged-event' : 'event';
    this.start(kind, pattern, data, options, {
      next: () => undefined,
      error: (error) => {
        outcome.error(transformedError(error, this.transform));
      },
      complete: () => {
        outcome.next(undefined as TResult);
        outcome.complete();
      },
    });
    return outcome.asObservable();
  }

  /**
   * What the servers push under a pattern, from the subscription on, which begins to connect. Fails with
   * `UNSERIALIZABLE` for what is no pattern.
   *
   * @example
   * chat.on$<Line>('said').subscribe(({ from, text }) => print(`${from}: ${text}`));
   */
  on$<T = any>(pattern: any): Observable<T> {
    return defer(() => {
      const pushed$ = this.pushes.on$(pattern) as Observable<T>;
      this.connectInBackground();
      return pushed$;
    });
  }

  /**
   * Handles what the servers push under a pattern, and answers the calls that they make with it
   * (`hub.client(id).send`). Of several handlers all get a push, and the first answers a call. Begins to connect.
   * Returns what takes the handler back.
   *
   * @throws HeartwireError `UNSERIALIZABLE` for what is no pattern, `INVALID_OPTIONS` for what is no function
   */
  handle(pattern: any, handler: PushHandler): () => void {
    const remove = this.pushes.handle(pattern, handler);
    this.connectInBackground();
    return remove;
  }

  /* eslint-enable @typescript-eslint/no-explicit-any */

  /** Hears of an event, each time. See {@link HeartwireClientEvents}. */
  override on<Event extends keyof HeartwireClientEvents>(
    event: Event,
    callback: HeartwireClientEvents[Event],
  ): void {
    this.events.on(event, callback);
  }

  /** The socket that carries the calls now, a `net.Socket`; one of them, with several servers. @throws Error when there is none */
  override unwrap<T>(): T {
    const { carrier } = this.pool;
    if (carrier === undefined) throw new Error('Not initialized. Please call the "connect" method first.');
    return carrier as T;
  }

  /** With `snapshot` Nest writes clients of its `ClientsModule` down as JSON. @internal */
  toJSON(): unknown {
    return this.options;
  }

  private reopen(): void {
    if (this.pool.isClosed) this.pool = this.newPool(this.pool.close());
  }

  /** What fails is told as any lost connection is. After `close()` it stays closed. */
  private connectInBackground(): void {
    if (!this.pool.isClosed) this.pool.connect().catch(() => undefined);
  }

  private start(
    kind: CallKind,
    pattern: unknown,
    data: unknown,
    options: (SendOptions & EmitOptions) | undefined,
    observer: ReplyObserver,
    pulls = false,
  ): OutgoingCall | undefined {
    try {
      const metadata = this.metadataFor(pattern, data, options?.metadata);
      const body = callBody(pattern, data, metadata, this.codec);
      const timeoutMs = timeoutOf(options, this.options.callTimeoutMs);
      const deadlineAt = nodeRuntime.clock.now() + timeoutMs;
      const key = this.keyOf?.({ pattern, data, metadata });
      const traits = traitsOf(kind, options, pulls, this.options.idleTimeoutMs, key);
      const call = new OutgoingCall(kind, body, observer, deadlineAt, timeoutMs, traits);
      if (options?.signal !== undefined) abortWith(sharedSignal(options.signal), call);
      this.pool.request(call);
      return call;
    } catch (error) {
      if (options?.stream !== undefined) stopUnused(options.stream, () => undefined);
      observer.error(error);
      return undefined;
    }
  }

  /** What the dispatch hook and the call's own options attach; the call's own win. */
  private metadataFor(pattern: unknown, data: unknown, own: Metadata | undefined): Metadata | undefined {
    if (this.onDispatchHook === undefined) return own;
    const { metadata: hooked }: ReadPacket = this.createPacket(pattern, data);
    return { ...hooked, ...own };
  }

  /** The subscriber itself, unless a subclass wants to see what it gets. */
  private replyTo(observer: ReplyObserver): ReplyObserver {
    const isPlain =
      this.serializeError === ClientProxy.prototype['serializeError'] &&
      this.serializeResponse === ClientProxy.prototype['serializeResponse'];
    return isPlain ? observer : transformedObserver(observer, this.transform);
  }

  private newPool(former?: Promise<void>): ConnectionPool {
    const { options, codec } = this;
    const platform = { runtime: nodeRuntime, dialler: new Dialler(options, nodeRuntime.clock) };
    const sharedSendBuffer = new SharedSendBuffer(options.limits.sharedSendBufferBytes, nodeRuntime.clock);
    const settings = { options, codec, sharedSendBuffer, ...platform, ...this.pushes.listening };
    const listener = deferredListener({
      statusChanged: (status) => {
        if (pool === this.pool) this._status$.next(status);
      },
      connected: () => {
        this.events.emit('connect');
      },
      lost: () => {
        this.events.emit('close');
      },
      attemptFailed: (error) => {
        if (this.events.listenerCount('error') > 0) this.events.emit('error', error);
      },
      livenessChanged: (endpoint, liveness) => {
        if (pool === this.pool) this.livenessSubject.next({ ...liveness, endpoint });
      },
    });
    const pool = new ConnectionPool(settings, this.logger, listener, former);
    return pool;
  }

  /** Not used: a call goes from `send` straight to its connection. */
  protected override publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const observer: ReplyObserver = {
      next: (response) => callback({ response }),
      error: (err) => callback({ err }),
      complete: () => callback({ isDisposed: true }),
    };
    const { metadata = {} } = packet;
    const call = this.start('request', packet.pattern, packet.data, { metadata }, observer);
    return () => call?.unsubscribe();
  }

  protected override dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    return lastValueFrom(this.emit<T>(packet.pattern, packet.data));
  }
}
