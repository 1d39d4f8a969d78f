import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Link } from '../link/link.js';
import type { Runtime } from '../timing/runtime.js';
import type { Admission } from '../session/admission.js';
import { answerLost } from '../session/reasons.js';
import { type Dispatch } from '../session/served-calls.js';
import { Session } from '../session/session.js';
import type { SessionSettings } from '../session/session-settings.js';
import type { Liveness } from '../timing/liveness.js';

/** What is known about one connection, at one moment. */
export interface ConnectionSnapshot {
  readonly clientId: string;
  /** What the client calls itself; missing for a client that says no hello, or no name. */
  readonly name: string | undefined;
  readonly remote: string;
  readonly openedAt: Date;
  readonly uptimeMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Calls and events of this client that run now. */
  readonly runningCalls: number;
  readonly liveness: Liveness | undefined;
}

export interface ServerConnectionListener {
  closed(connection: ServerConnection, reason: HeartwireError): void;
  livenessChanged(connection: ServerConnection, liveness: Liveness): void;
  refused(connection: ServerConnection, error: HeartwireError): void;
}

/** One client's connection, as its server and its handlers see it. */
export class ServerConnection {
  readonly openedAt = new Date();
  readonly remote: string;
  /** It broke the rules or a limit: that was told already. */
  wasRefused = false;
  private readonly session: Session;

  constructor(
    private readonly link: Link,
    settings: SessionSettings,
    runtime: Runtime,
    admission: Admission,
    dispatch: (connection: ServerConnection) => Dispatch,
    listener: ServerConnectionListener,
  ) {
    this.remote = link.remote;
    this.session = new Session(settings, runtime, admission, dispatch(this), {
      ready: () => undefined,
      goaway: () => undefined,
      retries: () => false,
      linkLost: (reason, inFlight) => {
        for (const call of inFlight) call.observer.error(answerLost(call, reason));
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

  get clientId(): string {
    return this.session.clientId;
  }

  get name(): string | undefined {
    return this.session.attachment?.hello?.name;
  }

  get liveness(): Liveness | undefined {
    return this.session.liveness;
  }

  get snapshot(): ConnectionSnapshot {
    return {
      clientId: this.clientId,
      name: this.name,
      remote: this.remote,
      openedAt: this.openedAt,
      uptimeMs: Date.now() - this.openedAt.getTime(),
      bytesReceived: this.link.bytesReceived,
      bytesSent: this.link.bytesSent,
      runningCalls: this.session.served.count,
      liveness: this.liveness,
    };
  }

  /** For the server: begins the conversation. */
  open(): void {
    this.session.attach(this.link);
  }

  /** For the server: ends the conversation in order. */
  drain(reason: string, graceMs: number): void {
    this.session.drain(reason, graceMs);
  }
}
