import { EventEmitter } from 'node:events';

import { Logger } from '@nestjs/common';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { AsyncSubject, lastValueFrom, Observable, ReplaySubject, type Subscriber } from 'rxjs';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { nodeFrameEncoder, nodeRuntime } from '../link/node-runtime.js';
import { formatAddress } from '../options/address.js';
import type { HeartwireClientOptions, ResolvedClientOptions } from '../options/client-options.js';
import { resolveClientOptions } from '../options/resolve-options.js';
import type { Metadata } from '../protocol/messages.js';
import { callBody } from '../session/call-body.js';
import type { Codec } from '../session/codec.js';
import { type CallKind, OutgoingCall, type ReplyObserver } from '../session/outgoing-call.js';
import type { Liveness } from '../timing/liveness-state.js';
import { Connection } from './connection.js';
import { ConnectionLog } from './connection-log.js';
import type { ConnectionStatus } from './connection-state.js';

/** What one call may ask for. */
export interface SendOptions {
  /** How long the caller waits for the answer, or for a stream's first item, in ms. Default: `callTimeoutMs`. */
  readonly timeoutMs?: number;
  /** The handler may run twice: the call is sent again when its answer is lost. Default: false. */
  readonly idempotent?: boolean;
  /** Travels beside the data; the handler reads it from `ctx.metadata`. */
  readonly metadata?: Metadata;
  /** Gives the call up when it fires. */
  readonly signal?: AbortSignal;
}

/** What one event may ask for. */
export interface EmitOptions {
  /** Completes when every handler has finished, and fails if one failed. Default: false, as soon as it is sent. */
  readonly acknowledge?: boolean;
  /** How long the event may wait to be sent or, with `acknowledge`, to be handled, in ms. Default: `callTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly metadata?: Metadata;
}

/** Events of a client, for `client.on(…)`: the names of Nest's TCP client. */
export type HeartwireClientEvents = {
  connect: () => void;
  close: () => void;
  error: (error: HeartwireError) => void;
};

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
export class HeartwireClient extends ClientProxy<HeartwireClientEvents, ConnectionStatus> {
  /** How the live connections are, from now on; the latest value first. */
  readonly liveness$: Observable<Liveness>;

  private readonly livenessSubject = new ReplaySubject<Liveness>(1);
  private readonly events = new EventEmitter();
  private readonly options: ResolvedClientOptions;
  private readonly codec: Codec | undefined;
  private connection: Connection;

  /** @throws HeartwireError `INVALID_OPTIONS`, naming every fault. */
  constructor(options: HeartwireClientOptions) {
    super();
    this.options = resolveClientOptions(options);
    this.codec = codecOf(this.options);
    this.liveness$ = this.livenessSubject.asObservable();
    this.connection = this.newConnection();
  }

  /**
   * Starts connecting, if nothing else has yet. Resolves with the end of the first attempt: calls
   * wait for the next ones within their deadlines. With `strict`, a failed first attempt rejects.
   * After `close()` it opens the client again.
   *
   * @throws HeartwireError `CONNECT_FAILED`, `CONNECT_TIMEOUT` or `HANDSHAKE_FAILED`, with `strict` only.
   */
  override connect(): Promise<void> {
    if (this.connection.isClosed) this.connection = this.newConnection();
    return this.connection.connect();
  }

  /** Finishes what runs within `drainTimeoutMs`, then closes. It doesn't reconnect by itself after that. */
  override close(): Promise<void> {
    return this.connection.close();
  }

  /**
   * Calls a handler. Nothing is sent before the Observable is subscribed to; unsubscribing cancels
   * the call, at the handler too.
   */
  // Nest's own defaults, so that calls without type arguments read as they do there.
  /* eslint-disable @typescript-eslint/no-explicit-any */
  override send<TResult = any, TInput = any>(
    pattern: any,
    data: TInput,
    options?: SendOptions,
  ): Observable<TResult> {
    if (isNil(pattern) || isNil(data)) return super.send<TResult, TInput>(pattern, data);
    return new Observable<TResult>((subscriber) => {
      return this.start('request', pattern, data, options, this.replyTo(subscriber), subscriber);
    });
  }

  /** Tells an event, at once. The Observable completes when it was sent, or handled with `acknowledge`. */
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
        outcome.error(this.serializeError(error));
      },
      complete: () => {
        outcome.next(undefined as TResult);
        outcome.complete();
      },
    });
    return outcome.asObservable();
  }

  /* eslint-enable @typescript-eslint/no-explicit-any */

  override on<Event extends keyof HeartwireClientEvents>(
    event: Event,
    callback: HeartwireClientEvents[Event],
  ): void {
    this.events.on(event, callback);
  }

  /** The socket that carries the calls now, a `net.Socket`. */
  override unwrap<T>(): T {
    const { carrier } = this.connection;
    if (carrier === undefined) throw new Error('Not initialized. Please call the "connect" method first.');
    return carrier as T;
  }

  private start(
    kind: CallKind,
    pattern: unknown,
    data: unknown,
    options: (SendOptions & EmitOptions) | undefined,
    observer: ReplyObserver,
    subscriber?: Subscriber<unknown>,
  ): OutgoingCall | undefined {
    try {
      const metadata = this.metadataFor(pattern, data, options?.metadata);
      const body = callBody(pattern, data, metadata, this.codec);
      const deadlineAt = nodeRuntime.clock.now() + (options?.timeoutMs ?? this.options.callTimeoutMs);
      const call = new OutgoingCall(kind, body, observer, deadlineAt, options?.idempotent === true);
      if (options?.signal !== undefined) abortWith(options.signal, call, subscriber);
      this.connection.request(call);
      return call;
    } catch (error) {
      observer.error(error);
      return undefined;
    }
  }

  /** What the dispatch hook and the call's own options attach; the call's own win. */
  private metadataFor(pattern: unknown, data: unknown, own: Metadata | undefined): Metadata | undefined {
    if (this.onDispatchHook === undefined && own === undefined) return undefined;
    const { metadata: hooked }: ReadPacket = this.createPacket(pattern, data);
    const metadata = { ...hooked, ...own };
    for (const [key, value] of Object.entries<unknown>(metadata)) {
      if (typeof value === 'string') continue;
      const message = `metadata.${key} must be a string, not ${typeof value}`;
      throw new HeartwireError(ErrorCode.UNSERIALIZABLE, message, { sent: 'never' });
    }
    return Object.keys(metadata).length === 0 ? undefined : metadata;
  }

  /** The subscriber itself, unless a subclass wants to see what it gets. */
  private replyTo(subscriber: Subscriber<unknown>): ReplyObserver {
    const isPlain =
      this.serializeError === ClientProxy.prototype['serializeError'] &&
      this.serializeResponse === ClientProxy.prototype['serializeResponse'];
    if (isPlain) return subscriber;
    return {
      next: (value) => {
        subscriber.next(this.serializeResponse(value));
      },
      error: (error) => {
        subscriber.error(this.serializeError(error));
      },
      complete: () => {
        subscriber.complete();
      },
    };
  }

  private newConnection(): Connection {
    const target = this.options.addresses.map(formatAddress).join(', ');
    const log = new ConnectionLog(new Logger(HeartwireClient.name), target, nodeRuntime.clock);
    return new Connection(this.options, nodeRuntime, nodeFrameEncoder(), this.codec, {
      statusChanged: (status) => {
        this._status$.next(status);
      },
      connected: (remote, afterMs, attempts) => {
        log.connected(remote, afterMs, attempts);
        this.events.emit('connect');
      },
      lost: (reason) => {
        log.lost(reason);
        this.events.emit('close');
      },
      attemptFailed: (error, retryInMs) => {
        log.attemptFailed(error, retryInMs);
        if (this.events.listenerCount('error') > 0) this.events.emit('error', error);
      },
      goaway: (reason) => {
        log.goaway(reason);
      },
      livenessChanged: (liveness) => {
        this.livenessSubject.next(liveness);
      },
    });
  }

  /** Not used: a call goes from `send` straight to its connection. */
  protected override publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const observer: ReplyObserver = {
      next: (response) => {
        callback({ response });
      },
      error: (err) => {
        callback({ err });
      },
      complete: () => {
        callback({ isDisposed: true });
      },
    };
    const call = this.start(
      'request',
      packet.pattern,
      packet.data,
      { metadata: packet.metadata ?? {} },
      observer,
    );
    return () => call?.unsubscribe();
  }

  protected override dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    return lastValueFrom(this.emit<T>(packet.pattern, packet.data));
  }
}

function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function codecOf({ serializer, deserializer }: ResolvedClientOptions): Codec | undefined {
  if (serializer === undefined && deserializer === undefined) return undefined;
  return {
    encode: serializer === undefined ? undefined : (packet) => serializer.serialize(packet),
    decode: deserializer === undefined ? undefined : (raw) => deserializer.deserialize(raw),
  };
}

/** Gives the call up when the signal fires; the listener goes with the call. */
function abortWith(
  signal: AbortSignal,
  call: OutgoingCall,
  subscriber: Subscriber<unknown> | undefined,
): void {
  const abort = (): void => {
    const { sent } = call;
    call.abort(
      new HeartwireError(ErrorCode.CANCELLED, 'the call was aborted', { sent, cause: signal.reason }),
    );
  };
  if (signal.aborted) {
    abort();
    return;
  }
  signal.addEventListener('abort', abort, { once: true });
  subscriber?.add(() => {
    signal.removeEventListener('abort', abort);
  });
}
