import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Resumption } from '../protocol/messages.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import { answerLost } from '../session/reasons.js';
import type { Session } from '../session/session.js';
import type { ResumableSession, SessionOwner } from '../session/session-owner.js';
import type { Liveness } from '../timing/liveness-state.js';

/** A connection, as far as its session concerns it. */
export interface SessionConnection {
  readonly session: Session;
  wasRefused: boolean;
  stands(): void;
  introduce(): void;
}

/** Who is told what becomes of connections. */
export interface SessionListener<Connection> {
  /** It has said something for the first time, whatever it is. */
  heard(connection: Connection): void;
  /** It has a session, or has made its first call. */
  introduced(connection: Connection): void;
  /** Its link broke; its session waits for a new one. */
  suspended(connection: Connection, reason: HeartwireError): void;
  /** There is nobody to come back; events of it may still run. */
  left(connection: Connection): void;
  /** Its session goes on over a new link. */
  resumed(connection: Connection): void;
  /** The session that somebody wants to go on with over this connection. */
  resume(connection: Connection, resumption: Resumption): ResumableSession | undefined;
  closed(connection: Connection, reason: HeartwireError): void;
  livenessChanged(connection: Connection, liveness: Liveness): void;
  refused(connection: Connection, error: HeartwireError): void;
}

/** Brings what happens to a connection's session to its server. */
export class ServerSessionOwner<Connection extends SessionConnection> implements SessionOwner {
  constructor(
    private readonly connection: Connection,
    private readonly listener: SessionListener<Connection>,
  ) {}

  spoke(): void {
    this.listener.heard(this.connection);
  }

  ready(resumed: boolean): void {
    this.connection.stands();
    if (resumed) this.listener.resumed(this.connection);
    else this.connection.introduce();
  }

  resume(resumption: Resumption): ResumableSession | undefined {
    return this.listener.resume(this.connection, resumption);
  }

  goaway(): void {
    // Its calls are its own to take elsewhere.
  }

  retries(): boolean {
    return false;
  }

  linkLost(reason: HeartwireError, canBeResumed: boolean): void {
    if (canBeResumed) this.listener.suspended(this.connection, reason);
  }

  left(): void {
    this.listener.left(this.connection);
  }

  answersLost(inFlight: readonly OutgoingCall[], reason: HeartwireError): void {
    for (const call of inFlight) call.fail(answerLost(call, reason));
  }

  sessionLost(reason: HeartwireError): void {
    const { session } = this.connection;
    session.destroy(reason);
    for (const call of session.calls.releaseWaiting()) call.fail(answerLost(call, reason));
    this.listener.closed(this.connection, reason);
  }

  livenessChanged(liveness: Liveness): void {
    this.listener.livenessChanged(this.connection, liveness);
  }

  refused(error: HeartwireError): void {
    this.connection.wasRefused = true;
    this.listener.refused(this.connection, error);
  }
}
