import { isDeepStrictEqual } from 'node:util';

import { type Observable, Subject } from 'rxjs';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { traceOf } from '../errors/thrown.js';
import type { Link } from '../link/link.js';
import { nodeRuntime } from '../link/node-runtime.js';
import type { Address } from '../options/address.js';
import type { ResolvedServerOptions } from '../options/server-options.js';
import type { SecureContextOptions } from '../options/tls-options.js';
import type { Resumption } from '../protocol/messages.js';
import { oneLine } from '../protocol/peer-text.js';
import { Admission } from '../session/admission.js';
import type { Codec } from '../session/codec.js';
import { connectionClosed } from '../session/reasons.js';
import type { Dispatch } from '../session/served-calls.js';
import type { ResumableSession } from '../session/session-owner.js';
import type { SessionSettings } from '../session/session-settings.js';
import { SharedSendBuffer } from '../session/shared-send-buffer.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { ConnectionEvent } from './connection-event.js';
import { ConnectionLimiter } from './connection-limiter.js';
import { ConnectionRetirement } from './connection-retirement.js';
import { emitInOrder } from './emit-in-order.js';
import { HeartwireHub } from './hub.js';
import { InProcessAdapter } from './in-process-adapter.js';
import { Instances } from './instances.js';
import { type ConnectionListener, ListenerAcceptor, type ListenerOwner } from './listener-acceptor.js';
import { AttachedListener } from './listener-attached.js';
import { Listener } from './listener.js';
import { PendingConnections } from './pending-connections.js';
import {
  type ConnectionSnapshot,
  ServerConnection,
  type ServerConnectionListener,
} from './server-connection.js';
import { StatusBroadcast } from './status-broadcast.js';
import { SuspendedSessions } from './suspended-sessions.js';

/** The part of Nest's Logger that is used. */
interface Logger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Why a connection ends without anything to tell about. */
const EXPECTED_ENDS: ReadonlySet<ErrorCode> = new Set([ErrorCode.CLOSED, ErrorCode.CONNECTION_LOST]);

/** Accepts connections, knows those that are open, and ends them in order. */
export class ConnectionRegistry implements ListenerOwner, ServerConnectionListener {
  readonly listeners: readonly ConnectionListener[];
  readonly events$: Observable<ConnectionEvent>;
  readonly hub: HeartwireHub;

  private readonly instances: Instances;
  private readonly eventSubject = new Subject<ConnectionEvent>();
  private readonly open = new Map<string, ServerConnection>();
  private readonly waiting: SuspendedSessions<ServerConnection>;
  private readonly admission: Admission;
  /** One for all sessions: each of many idle connections should cost little. */
  private readonly sessionSettings: Omit<SessionSettings, 'clientId'>;
  private readonly retirement: ConnectionRetirement;
  private readonly statusBroadcast: StatusBroadcast;
  private readonly pending: PendingConnections<ServerConnection>;
  private closing: Promise<void> | undefined;
  private tellEmpty: (() => void) | undefined;

  constructor(
    private readonly options: ResolvedServerOptions,
    codec: Codec | undefined,
    private readonly dispatchFor: (connection: ServerConnection) => Dispatch,
    private readonly logger: Logger,
  ) {
    this.events$ = this.eventSubject.pipe(emitInOrder());
    this.instances = new Instances(options.adapter ?? new InProcessAdapter(), logger);
    // The first to follow the events: whoever hears of one finds the hub up to date.
    this.hub = new HeartwireHub({
      connections: this.open,
      events$: this.events$,
      codec,
      maxFrameBytes: options.limits.maxFrameBytes,
      callTimeoutMs: options.callTimeoutMs,
      instances: this.instances,
    });
    const { limits } = options;
    this.admission = new Admission(limits.runningCalls);
    this.sessionSettings = {
      heartbeat: options.heartbeat,
      handshakeTimeoutMs: limits.handshakeTimeoutMs,
      drainTimeoutMs: options.drainTimeoutMs,
      resumeWindowMs: options.resumeWindowMs,
      limits: {
        ...limits,
        waitingCalls: limits.runningCallsPerConnection,
        waitingBytes: limits.sendBufferBytes,
      },
      sharedSendBuffer: new SharedSendBuffer(limits.sharedSendBufferBytes, nodeRuntime.clock),
      codec,
    };
    this.retirement = new ConnectionRetirement(options, nodeRuntime);
    this.statusBroadcast = new StatusBroadcast(options.statusIntervalMs, this.open);
    this.waiting = new SuspendedSessions(limits, {
      bytesOf: ({ session: { outbox, served, calls } }) =>
        outbox.keptBytes + served.waitingBytes + calls.waitingBytes,
      giveUp: ({ session }, reason) => session.destroy(connectionClosed(reason)),
    });
    this.pending = new PendingConnections(limits, nodeRuntime.clock, {
      defer: (task) => void setImmediate(task),
      ask: ({ session }) => {
        session.attachment?.monitor.ask();
      },
      late: ({ session }) => {
        // Where the server asks who it is, the session itself sees to it.
        if (options.authenticate === undefined) session.refuse(saidNothing(limits.handshakeTimeoutMs));
      },
      crowdedOut: ({ session }) => {
        session.destroy(connectionClosed('too many connections have said nothing yet'));
      },
    });
    const limiter = new ConnectionLimiter(limits, nodeRuntime.clock, (message) => logger.warn(message));
    const acceptor = new ListenerAcceptor(options, limiter, this);
    const { addresses, attach, path } = options;
    this.listeners = [
      ...addresses.map((address) => new Listener(address, options, acceptor)),
      ...(attach === undefined
        ? []
        : [new AttachedListener(attach, acceptor.webSocketsAt(path), acceptor, () => void this.close())]),
    ];
  }

  get addresses(): readonly Address[] {
    return this.listeners.flatMap(({ address }) => address ?? []);
  }

  get snapshots(): readonly ConnectionSnapshot[] {
    return [...this.open.values()].map((connection) => connection.snapshot);
  }

  /** @throws HeartwireError `INVALID_OPTIONS` when certificate or key can't be used; then all stays as it was */
  setSecureContext(tls: SecureContextOptions): void {
    for (const listener of this.listeners) listener.setSecureContext(tls);
  }

  /** @throws HeartwireError when an address can't be listened at, the others are closed again; `CLOSED` after `close()`. */
  async listen(): Promise<void> {
    this.assertOpen();
    // Before there are clients, so that the others hear of each.
    this.instances.join();
    try {
      for (const listener of this.listeners) {
        await listener.listen();
        this.assertOpen();
      }
    } catch (error) {
      await Promise.all([...this.listeners.map((listener) => listener.close()), this.instances.leave()]);
      throw error;
    }
    this.statusBroadcast.begin();
  }

  /** Who follows its events and its hub was told that it has ended: it can't come back. */
  private assertOpen(): void {
    if (this.closing === undefined) return;
    throw new HeartwireError(ErrorCode.CLOSED, 'the server was closed: make another one to listen again');
  }

  /** Lets what runs finish within `drainTimeoutMs`. Resolves when no connection is left. */
  close(): Promise<void> {
    this.closing ??= this.closeInOrder();
    return this.closing;
  }

  private async closeInOrder(): Promise<void> {
    this.statusBroadcast.stop();
    const accepted = this.listeners.map((listener) => listener.close());
    for (const connection of this.open.values()) {
      this.retirement.forget(connection);
      connection.session.drain('shutdown', this.options.drainTimeoutMs);
    }
    await Promise.all([...accepted, this.empty()]);
    await this.instances.close();
    this.eventSubject.complete();
  }

  private async empty(): Promise<void> {
    if (this.open.size > 0) await new Promise<void>((resolve) => (this.tellEmpty = resolve));
  }

  accept(link: Link): void {
    if (this.closing !== undefined) {
      link.destroy();
      return;
    }
    const settings = { ...this.sessionSettings, clientId: globalThis.crypto.randomUUID() };
    const connection = new ServerConnection(
      link,
      settings,
      nodeRuntime,
      this.admission,
      this.dispatchFor,
      this.options.authenticate,
      this,
    );
    this.open.set(settings.clientId, connection);
    this.eventSubject.next({ type: 'opened', connection });
    // Who heard of it may have closed the server.
    if (connection.session.state === 'ended') {
      link.destroy();
      this.closed(connection, connectionClosed('shutdown'));
      return;
    }
    this.retirement.watch(connection);
    connection.session.attach(link);
    this.pending.enter(connection);
  }

  heard(connection: ServerConnection): void {
    // Where the server asks who it is, a word is not enough.
    if (this.options.authenticate === undefined) this.pending.leave(connection);
  }

  introduced(connection: ServerConnection): void {
    this.pending.leave(connection);
    if (this.open.has(connection.clientId)) this.eventSubject.next({ type: 'introduced', connection });
  }

  suspended(connection: ServerConnection, reason: HeartwireError): void {
    this.retirement.forget(connection);
    this.eventSubject.next({ type: 'suspended', connection, reason });
    if (this.open.has(connection.clientId)) this.waiting.enter(connection);
  }

  left(connection: ServerConnection): void {
    this.waiting.enterLeft(connection);
  }

  resumed(connection: ServerConnection): void {
    this.waiting.leave(connection);
    this.retirement.watch(connection);
    this.eventSubject.next({ type: 'resumed', connection });
  }

  resume(fresh: ServerConnection, resumption: Resumption): ResumableSession | undefined {
    const known = this.open.get(resumption.session);
    if (known === undefined || known === fresh || !known.session.canBeResumed(resumption)) return undefined;
    if (!isDeepStrictEqual(known.identity, fresh.identity)) {
      this.logger.warn(
        `${fresh.remote} gets a new session: the one that it asked for is of another identity`,
      );
      return undefined;
    }
    this.closed(fresh, connectionClosed('its session goes on'));
    return known.session;
  }

  closed(connection: ServerConnection, reason: HeartwireError): void {
    this.retirement.forget(connection);
    this.pending.leave(connection);
    this.waiting.leave(connection);
    if (!this.open.delete(connection.clientId)) return;
    if (!EXPECTED_ENDS.has(reason.code) && !connection.wasRefused) {
      this.logger.warn(`Lost the connection of ${connection.remote}: ${reason.code}, ${reason.message}`);
    }
    this.eventSubject.next({ type: 'closed', connection, reason });
    if (this.open.size === 0) this.tellEmpty?.();
  }

  livenessChanged(connection: ServerConnection, liveness: Liveness): void {
    if (this.open.has(connection.clientId))
      this.eventSubject.next({ type: 'liveness', connection, liveness });
  }

  undelivered(connection: ServerConnection, error: HeartwireError): void {
    this.logger.warn(`A push doesn't reach ${connection.remote}: ${error.code}, ${error.message}`);
  }

  refused(connection: ServerConnection, error: HeartwireError): void {
    this.tellRefused(connection.remote, error);
    // A fault of this end, in a deserializer perhaps. The other end is not told what it was.
    if (error.code === ErrorCode.INTERNAL && error.cause !== undefined)
      this.logger.error(traceOf(error.cause));
  }

  handshakeFailed(remote: string, error: HeartwireError): void {
    this.tellRefused(remote, error);
  }

  private tellRefused(remote: string, { code, message, cause }: HeartwireError): void {
    // The client doesn't hear why its credentials were not accepted, but this end may know.
    const why = code === ErrorCode.UNAUTHENTICATED && cause instanceof Error ? `: ${cause.message}` : '';
    this.logger.warn(`Closing the connection of ${remote}: ${code}, ${message}${oneLine(why)}`);
  }
}

function saidNothing(timeoutMs: number): HeartwireError {
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, `nothing was said within ${String(timeoutMs)} ms`);
}
