import { inspect } from 'node:util';

import { HeartwireError } from '../errors/heartwire-error.js';
import type { Link } from '../link/link.js';
import { peerCertificateOf } from '../link/peer-certificate.js';
import type { Authenticate, ConnectingPeer, Credentials } from '../options/authenticate.js';
import type { PeerCertificate } from '../options/peer-certificate.js';
import type { Outgoing } from '../protocol/outgoing.js';
import type { Admission } from '../session/admission.js';
import { type Dispatch, serveCalls } from '../session/served-calls.js';
import { SessionAcceptor } from '../session/session-acceptor.js';
import type { SessionSettings } from '../session/session-settings.js';
import { Session } from '../session/session.js';
import type { Clock } from '../timing/clock.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Runtime } from '../timing/runtime.js';
import type { PushOptions } from './broadcast.js';
import { identityOf } from './identity-of.js';
import { ServerSessionOwner, type SessionListener } from './server-session-owner.js';

/** What is known about one connection, at one moment. */
export interface ConnectionSnapshot {
  readonly clientId: string;
  /** What the client calls itself; missing for a client that says no hello, or no name. */
  readonly name: string | undefined;
  /** Where it comes from, now or last, as `tcp://10.0.0.7:51034`. */
  readonly remote: string;
  /** When its first link was opened; it may have others since. */
  readonly openedAt: Date;
  /** How long ago that is, whatever became of the date. */
  readonly uptimeMs: number;
  /** Whether it has a link now, or its session waits for a new one. */
  readonly isConnected: boolean;
  /** Over the link that it has now. */
  readonly bytesReceived: number;
  /** Over the link that it has now. */
  readonly bytesSent: number;
  /** Calls and events of this client that run now. */
  readonly runningCalls: number;
  /** How its link is, or was at last; missing until there was a verdict. */
  readonly liveness: Liveness | undefined;
}

/** Where a connection's client is, among the others. */
export interface ConnectionHub {
  join(clientId: string, room: string): boolean;
  leave(clientId: string, room: string): boolean;
  roomsOf(clientId: string): readonly string[];
  to(target: { readonly client: string }): {
    emit(pattern: unknown, data: unknown, options?: PushOptions): void;
  };
}

export interface ServerConnectionListener extends SessionListener<ServerConnection> {
  readonly hub: ConnectionHub;
  /** A push that it can't take. */
  undelivered(connection: ServerConnection, error: HeartwireError): void;
}

/** How many patterns of events that nobody handles the log has for one connection. */
const TOLD_PATTERNS = 10;

/** One client's connection, as its server and its handlers see it. */
export class ServerConnection<Identity = unknown> implements ConnectingPeer {
  private readonly openedMs = Date.now();
  private readonly clock: Clock;
  /** When it was opened, on the clock: corrections of the time don't move it. */
  private readonly since: number;
  /** @internal It broke the rules or a limit: that was told already. */
  wasRefused = false;
  /** Patterns of events that nobody handles: that was told already. */
  private misunderstood: Set<string> | undefined;
  /** A push was too long for it: that was told already. */
  private missedPush = false;
  /** @internal Whether it has said its first word: its hello, or a call. */
  isIntroduced = false;
  /** @internal For the server: the conversation. */
  readonly session: Session;
  private lastRemote: string;
  private lastCertificate: PeerCertificate | undefined;
  private who: unknown;
  private lastName: string | undefined;

  constructor(
    link: Link,
    settings: SessionSettings,
    runtime: Runtime,
    admission: Admission,
    dispatch: (connection: ServerConnection) => Dispatch,
    authenticate: Authenticate | undefined,
    private readonly listener: ServerConnectionListener,
  ) {
    this.clock = runtime.clock;
    this.since = runtime.clock.now();
    this.lastRemote = link.remote;
    this.lastCertificate = peerCertificateOf(link.carrier);
    const asksWho = {
      ...settings,
      authenticate:
        authenticate &&
        (async (credentials: Credentials): Promise<void> => {
          this.who = await identityOf(authenticate, credentials, this);
        }),
    };
    const ownSettings = authenticate === undefined ? settings : asksWho;
    const owner = new ServerSessionOwner(this, listener);
    const serve = serveCalls(admission, dispatch(this));
    this.session = new Session(ownSettings, runtime, serve, owner, (parts) => new SessionAcceptor(parts));
  }

  /** When its first link was opened; it may have others since. */
  get openedAt(): Date {
    return new Date(this.openedMs);
  }

  /** Names the client; stable while its session goes on over new links. */
  get clientId(): string {
    return this.session.clientId;
  }

  /** Where it comes from, now or last, as `tcp://10.0.0.7:51034`. */
  get remote(): string {
    this.lastRemote = this.session.attachment?.link.remote ?? this.lastRemote;
    return this.lastRemote;
  }

  /** What `authenticate` said of the client; `undefined` on a server that doesn't ask. */
  get identity(): Identity {
    return this.who as Identity;
  }

  /** The certificate that the client has shown, verified; `undefined` without mutual TLS. */
  get peerCertificate(): PeerCertificate | undefined {
    return this.lastCertificate;
  }

  /** Whether it has a link now. Without one its session waits for it. */
  get isConnected(): boolean {
    return this.session.attachment !== undefined;
  }

  /** The rooms that the client is in. */
  get rooms(): readonly string[] {
    return this.listener.hub.roomsOf(this.clientId);
  }

  /**
   * Puts the client into a room. `false` when it is in there already, or gone.
   *
   * @throws HeartwireError `INVALID_OPTIONS` for a room that is no text
   */
  join(room: string): boolean {
    return this.listener.hub.join(this.clientId, room);
  }

  /** Takes the client out of a room. `false` when it isn't in there. */
  leave(room: string): boolean {
    return this.listener.hub.leave(this.clientId, room);
  }

  /**
   * Pushes something to this client alone, at once, or with its next link. Nothing happens when it is gone.
   *
   * @throws HeartwireError `UNSERIALIZABLE`, `FRAME_TOO_LARGE`
   */
  emit(pattern: unknown, data: unknown, options?: PushOptions): void {
    this.listener.hub.to({ client: this.clientId }).emit(pattern, data, options);
  }

  /** @internal For the server: its session stands on a link, which may be a new one. */
  stands(): void {
    this.lastCertificate = peerCertificateOf(this.session.attachment?.link.carrier);
  }

  /** @internal For the server: the client has said something. */
  introduce(): void {
    if (this.isIntroduced) return;
    this.isIntroduced = true;
    this.listener.introduced(this);
  }

  /** @internal For the server: tells the client, as though it had asked, how this end sees the connection. */
  tellStatus(): void {
    if (this.session.state === 'ready') this.session.receiveControl({ kind: 'status' });
  }

  /** @internal For the server: sends what is written down already. One that is going away is left in peace. */
  push(message: Outgoing): void {
    const { state, exchange } = this.session;
    if (state !== 'ready' && state !== 'suspended') return;
    try {
      exchange.push(message);
    } catch (error) {
      // It takes shorter messages than others do: that is told once, and concerns nobody else.
      if (!(error instanceof HeartwireError)) throw error;
      if (!this.missedPush) this.listener.undelivered(this, error);
      this.missedPush = true;
    }
  }

  /** @internal It sent an event that nobody handles. Whether that is to be told: each pattern once, and a few at most. */
  isNewMisunderstanding(pattern: string): boolean {
    this.misunderstood ??= new Set();
    if (this.misunderstood.size === TOLD_PATTERNS || this.misunderstood.has(pattern)) return false;
    this.misunderstood.add(pattern);
    return true;
  }

  /** What the client calls itself; `undefined` for a client that says no hello, or no name. */
  get name(): string | undefined {
    this.lastName = this.session.attachment?.hello?.name ?? this.lastName;
    return this.lastName;
  }

  /** How its link is, or was at last; `undefined` until there was a verdict. */
  get liveness(): Liveness | undefined {
    return this.session.liveness;
  }

  /** What somebody who logs it sees: nothing of its server and of its client's secrets. */
  [inspect.custom](): ConnectionSnapshot {
    return this.snapshot;
  }

  /** As its {@link snapshot}. */
  toJSON(): ConnectionSnapshot {
    return this.snapshot;
  }

  /** All that is known of it, as it is now. */
  get snapshot(): ConnectionSnapshot {
    const link = this.session.attachment?.link;
    return {
      clientId: this.clientId,
      name: this.name,
      remote: this.remote,
      openedAt: this.openedAt,
      uptimeMs: Math.round(this.clock.now() - this.since),
      isConnected: this.isConnected,
      bytesReceived: link?.bytesReceived ?? 0,
      bytesSent: link?.bytesSent ?? 0,
      runningCalls: this.session.served.count,
      liveness: this.liveness,
    };
  }
}
