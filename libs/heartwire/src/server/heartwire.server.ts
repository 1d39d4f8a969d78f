import { type MessageHandler, type MsPattern, Server } from '@nestjs/microservices';
import type { Observable } from 'rxjs';

import { traceOf } from '../errors/thrown.js';
import { inOwnContext, Outside } from '../link/own-context.js';
import { formatAddress } from '../options/address.js';
import { resolveSecureContext, resolveServerOptions } from '../options/resolve-options.js';
import type { HeartwireServerOptions, ResolvedServerOptions } from '../options/server-options.js';
import type { SecureContextOptions, UserTls } from '../options/tls-options.js';
import { oneLine } from '../protocol/peer-text.js';
import { codecOf } from '../session/codec.js';
import { explainThrown } from '../session/explain-thrown.js';
import { isLargePattern } from '../session/large-pattern.js';
import { refuseCall } from '../session/refuse-call.js';
import { runAll } from '../session/run-all.js';
import { type Handler, runHandler } from '../session/run-handler.js';
import type { ServedCall } from '../session/served-call.js';
import type { ConnectionEvent } from './connection-event.js';
import { ConnectionRegistry } from './connection-registry.js';
import { HeartwireContext } from './heartwire.context.js';
import type { HeartwireHub } from './hub.js';
import { isDeeperThan } from './pattern-depth.js';
import type { ConnectionSnapshot, ServerConnection } from './server-connection.js';

/** Heartwire's transport id: `@MessagePattern(pattern, HEARTWIRE)` binds a handler to this transport. */
export const HEARTWIRE = Symbol.for('heartwire');

/** How much of a pattern that nobody handles the log shows, in characters. */
const SHOWN_PATTERN = 200;
const OVERSIZE_PATTERN = 'an object that is too deep, or has too many members';

/** Where a server stands, as `app.status` tells it. */
export type ServerStatus = 'connected' | 'draining' | 'disconnected';

/** Events of a server, for `app.on(…)`: those of a `net.Server`. */
export type HeartwireServerEvents = {
  listening: () => void;
  connection: (socket: unknown) => void;
  close: () => void;
  error: (error: Error) => void;
};

/**
 * Serves the handlers of a Nest application over TCP, TLS, a Unix socket or WebSockets.
 *
 * @example
 * const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
 *   strategy: new HeartwireServer({ url: 'tcp://0.0.0.0:4001' }),
 * });
 * app.enableShutdownHooks();
 * await app.listen();
 */
export class HeartwireServer extends Server<HeartwireServerEvents, ServerStatus> {
  override transportId: symbol = HEARTWIRE;
  /** Connections as they open, change and close. Completes when the server is closed. */
  readonly connections$: Observable<ConnectionEvent>;
  /** Reaches the clients: one, a room, an identity, all. */
  readonly hub: HeartwireHub;

  private readonly options: ResolvedServerOptions;
  private readonly registry: ConnectionRegistry;
  private readonly outside = new Outside();
  private listening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  /** The handlers of events that have more than one, by route. */
  private readonly eventHandlers = new Map<string, Handler[]>();
  /** What Nest's base class starts with: while it stands, nobody watches and the watching is skipped. */
  private readonly defaultStartHook = this.onProcessingStartHook;

  /** @throws HeartwireError `INVALID_OPTIONS`, naming every fault. */
  constructor(options: HeartwireServerOptions) {
    super();
    this.options = resolveServerOptions(options);
    this.registry = new ConnectionRegistry(
      this.options,
      codecOf(this.options),
      (connection) => {
        const start = inOwnContext((call: ServedCall) => {
          if (!connection.isIntroduced) connection.introduce();
          // Who heard of the client may have cost it its session: nobody would stop the handler then.
          if (!call.isSettled) this.dispatch(connection, call);
        });
        return (call) => {
          // An event may have waited for the end of another.
          if (call.isEvent) this.outside.start(start, call);
          else start(call);
        };
      },
      this.logger,
    );
    this.connections$ = this.registry.events$;
    this.hub = this.registry.hub;
  }

  /** The URL that it really listens at (the first, of several); known after `listen()`. */
  get address(): string {
    const [address = this.options.addresses[0]] = this.registry.addresses;
    return address === undefined ? '' : formatAddress(address);
  }

  /** All URLs that it really listens at, in the order of the options; that of `attach` once its server listens. */
  get addresses(): readonly string[] {
    return this.registry.addresses.map(formatAddress);
  }

  /** Every connection, as it is now. */
  get connections(): readonly ConnectionSnapshot[] {
    return this.registry.snapshots;
  }

  /** Several handlers of one event all run, and an acknowledged event waits for all of them. */
  override addHandler(
    pattern: MsPattern,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const route = this.normalizePattern(pattern);
    const first = this.messageHandlers.get(route);
    if (!isEventHandler || first?.isEventHandler !== true) {
      super.addHandler(pattern, callback, isEventHandler, extras);
      return;
    }
    const handlers = this.eventHandlers.get(route) ?? [first as Handler];
    handlers.push(callback as Handler);
    this.eventHandlers.set(route, handlers);
    const all = Object.assign(runAll(handlers, this.explain), { isEventHandler, extras });
    this.messageHandlers.set(route, all as MessageHandler);
  }

  /**
   * Once, however often it is asked to, unless it fails. After `close()` it can't listen again.
   *
   * @param callback gets what it failed with: a HeartwireError `CONNECT_FAILED`, or `CLOSED` after `close()`
   */
  override listen(callback: (error?: unknown) => void): void {
    if (this.closing !== undefined) this.listening = undefined;
    this.listening ??= this.listenEverywhere();
    this.listening.then(() => {
      callback();
    }, callback);
  }

  /**
   * Accepts no more, lets what runs finish within `drainTimeoutMs`, then ends every connection. Resolves when none is left;
   * the same promise each time.
   */
  override close(): Promise<void> {
    this.closing ??= this.closeInOrder();
    return this.closing;
  }

  /** Hears of an event of each of its listeners. See {@link HeartwireServerEvents}. */
  override on<Event extends keyof HeartwireServerEvents>(
    event: Event,
    callback: HeartwireServerEvents[Event],
  ): void {
    for (const listener of this.registry.listeners) listener.server.on(event, callback);
  }

  /** The `net.Server` that accepts connections (the first, of several), or the HTTP server that it is attached to. */
  override unwrap<T>(): T {
    return this.registry.listeners[0]?.server as T;
  }

  /**
   * Gives TLS connections from now on another certificate and key; open ones keep theirs. As with Node's `tls.Server`,
   * what is left out is not taken over from before, `ca` included; `requestCert` and `rejectUnauthorized` stay.
   *
   * @example
   * server.setSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
   *
   * @throws HeartwireError `INVALID_OPTIONS` when they can't be used; then all stays as it was
   */
  setSecureContext(tls: UserTls<SecureContextOptions>): void {
    this.registry.setSecureContext(resolveSecureContext(tls, this.options));
  }

  private async listenEverywhere(): Promise<void> {
    try {
      await this.registry.listen();
      this._status$.next('connected');
    } catch (error) {
      this.listening = undefined;
      if (this.closing === undefined) this._status$.next('disconnected');
      throw error;
    }
  }

  private async closeInOrder(): Promise<void> {
    this._status$.next('draining');
    await this.registry.close();
    this._status$.next('disconnected');
  }

  private dispatch(connection: ServerConnection, call: ServedCall): void {
    const { pattern } = call;
    const known = typeof pattern === 'string' ? this.messageHandlers.get(pattern) : undefined;
    const route = typeof pattern === 'string' ? pattern : this.routeOf(pattern);
    const handler =
      route === undefined ? null : ((known ?? this.getHandlerByPattern(route)) as Handler | null);
    if (route === undefined || handler === null) {
      if (call.isEvent) this.tellUnhandled(connection, route ?? OVERSIZE_PATTERN);
      refuseCall(call);
      return;
    }
    // As Nest's clients send an event: with the members of its pattern in order.
    const shown =
      call.isEvent && typeof pattern !== 'string' ? this.normalizePattern(pattern as MsPattern) : route;
    const context = new HeartwireContext(connection, shown, call);
    const isWatched = this.onProcessingStartHook !== this.defaultStartHook || this.endHook !== undefined;
    if (isWatched) this.runWatched(handler, call, context);
    else void runHandler(handler, call, context, this.explainTo(call));
  }

  /** `undefined` for one that no handler can have. */
  private routeOf(pattern: unknown): string | undefined {
    const isOversize = isLargePattern(pattern) || isDeeperThan(this.options.limits.patternDepth, pattern);
    return isOversize ? undefined : this.getPatternAsString(pattern);
  }

  /** Once for each pattern, up to a bound: a stranger can't flood the log, nor write lines of its own into it. */
  private tellUnhandled(connection: ServerConnection, route: string): void {
    const pattern = oneLine(route.slice(0, SHOWN_PATTERN));
    if (!connection.isNewMisunderstanding(pattern)) return;
    this.logger.error(
      `There is no matching event handler defined in the remote service. Event pattern: ${pattern}, from ${connection.remote}`,
    );
  }

  /** It may be async, though Nest's type doesn't say so. */
  private get startHook(): (...args: Parameters<typeof this.onProcessingStartHook>) => unknown {
    return this.onProcessingStartHook;
  }

  /** Nest declares it as always there, and sets it only when asked to. */
  private get endHook(): typeof this.onProcessingEndHook | undefined {
    return this.onProcessingEndHook;
  }

  /** Runs a handler between the processing hooks. The end hook runs exactly once, whatever happens. */
  private runWatched(handler: Handler, call: ServedCall, context: HeartwireContext): void {
    const { transportId } = this;
    let hasEnded = false;
    const end = (): void => {
      if (hasEnded) return;
      hasEnded = true;
      try {
        this.endHook?.(transportId, context);
      } catch (error) {
        // The call is over: what a hook throws about it is only logged.
        this.logger.error(error);
      }
    };
    const onHookThrew = (error: unknown): void => {
      call.fail(this.explainTo(call)(error));
      end();
    };
    call.onCancel = end;
    try {
      const started = this.startHook(transportId, context, async () => {
        if (!call.isSettled) await runHandler(handler, call, context, this.explainTo(call), end);
      });
      if (started instanceof Promise) started.catch(onHookThrew);
    } catch (error) {
      onHookThrew(error);
    }
  }

  /** Nobody hears what an event fails with: what a caller would be told of is for the log of this end, too. */
  private explainTo(call: ServedCall): (thrown: unknown) => unknown {
    if (call.id !== undefined) return this.explain;
    return (thrown) => {
      if (!(thrown instanceof Error) || call.isSettled) return this.explain(thrown);
      this.logger.error(traceOf(thrown));
      return thrown;
    };
  }

  /** What a caller may know of what a handler threw; the rest is for the log of this end. */
  private readonly explain = (thrown: unknown): unknown =>
    explainThrown(thrown, (text) => {
      this.logger.error(text);
    });
}
