import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Link } from '../link/link.js';
import type { Resumption } from '../protocol/messages.js';
import type { Runtime } from '../timing/runtime.js';
import type { Admission } from '../session/admission.js';
import { answerLost, neverAnswered } from '../session/reasons.js';
import { type Dispatch } from '../session/served-calls.js';
import { Session } from '../session/session.js';
import type { ResumableSession } from '../session/session-owner.js';
import type { SessionSettings } from '../session/session-settings.js';
import type { Liveness } from '../timing/liveness-state.js';

/** What is known about one connection, at one moment. */
export interface ConnectionSnapshot {
  readonly clientId: string;
  /** What the client calls itself; missing for a client that says no hello, or no name. */
  readonly name: string | undefined;
  readonly remote: string;
  readonly openedAt: Date;
  readonly uptimeMs: number;
  /** Whether it has a link now, or its session waits for a new one. */
  readonly isConnected: boolean;
  /** Over the link that it has now. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Calls and events of this client that run now. */
  readonly runningCalls: number;
  readonly liveness: Liveness | undefined;
}

export interface ServerConnectionListener {
  /** It has said something for the first time. */
  introduced(connection: ServerConnection): void;
  /** Its link broke; its session waits for a new one. */
  suspended(connection: ServerConnection, reason: HeartwireError): void;
  /** Its session goes on over a new link. */
  resumed(connection: ServerConnection): void;
  /** The session that somebody wants to go on with over this connection. */
  resume(connection: ServerConnection, resumption: Resumption): ResumableSession | undefined;
  closed(connection: ServerConnection, reason: HeartwireError): void;
  livenessChanged(connection: ServerConnection, liveness: Liveness): void;
  refused(connection: ServerConnection, error: HeartwireError): void;
}

/** One client's connection, as its server and its handlers see it. */
export class ServerConnection {
  readonly openedAt = new Date();
  /** It broke the rules or a limit: that was told already. */
  wasRefused = false;
  /** It sent an event that nobody handles: that was told already. */
  wasMisunderstood = false;
  /** For the server: the conversation. */
  readonly session: Session;
  private lastRemote: string;
  private lastName: string | undefined;

  constructor(
    link: Link,
    settings: SessionSettings,
    runtime: Runtime,
    admission: Admission,
    dispatch: (connection: ServerConnection) => Dispatch,
    listener: ServerConnectionListener,
  ) {
    this.lastRemote = link.remote;
    this.session = new Session(settings, runtime, admission, dispatch(this), {
      introduced: () => {
        listener.introduced(this);
      },
      ready: (resumed) => {
        if (resumed) listener.resumed(this);
      },
      resume: (resumption) => listener.resume(this, resumption),
      goaway: () => undefined,
      retries: () => false,
      linkLost: (reason, canBeResumed) => {
        if (canBeResumed) listener.suspended(this, reason);
      },
      sessionLost: (reason, inFlight) => {
        for (const call of inFlight) call.fail(answerLost(call, reason));
        for (const call of this.session.calls.releaseWaiting()) call.fail(neverAnswered(call, reason));
        this.session.destroy(reason);
        listener.closed(this, reason);
      },
      livenessChanged: (liveness) => {
        listener.livenessChanged(this, liveness);
      },
      refused: (error) => {
        this.wasRefused = true;
        listener.refused(this, error);
      },
    });
  }

  /** Names the client; stable while its session goes on over new links. */
  get clientId(): string {
    return this.session.clientId;
  }

  /** Where it comes from, now or last. */
  get remote(): string {
    this.lastRemote = this.session.attachment?.link.remote ?? this.lastRemote;
    return this.lastRemote;
  }

  /** Whether it has a link now. Without one its session waits for it. */
  get isConnected(): boolean {
    return this.session.attachment !== undefined;
  }

  get name(): string | undefined {
    this.lastName = this.session.attachment?.hello?.name ?? this.lastName;
    return this.lastName;
  }

  get liveness(): Liveness | undefined {
    return this.session.liveness;
  }

  get snapshot(): ConnectionSnapshot {
    const link = this.session.attachment?.link;
    return {
      clientId: this.clientId,
      name: this.name,
      remote: this.remote,
      openedAt: this.openedAt,
      uptimeMs: Date.now() - this.openedAt.getTime(),
      isConnected: this.isConnected,
      bytesReceived: link?.bytesReceived ?? 0,
      bytesSent: link?.bytesSent ?? 0,
      runningCalls: this.session.served.count,
      liveness: this.liveness,
    };
  }
}
