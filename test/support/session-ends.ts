import { asyncScheduler } from 'rxjs';

import type { HeartwireError } from '../../libs/heartwire/src/errors/heartwire-error.js';
import type { Link } from '../../libs/heartwire/src/link/link.js';
import { Admission } from '../../libs/heartwire/src/session/admission.js';
import type { OutgoingCall } from '../../libs/heartwire/src/session/outgoing-call.js';
import { answerLost, neverAnswered } from '../../libs/heartwire/src/session/reasons.js';
import { refuseCall } from '../../libs/heartwire/src/session/refuse-call.js';
import { type Dispatch, serveCalls } from '../../libs/heartwire/src/session/served-calls.js';
import { SessionAcceptor } from '../../libs/heartwire/src/session/session-acceptor.js';
import type { SessionOwner } from '../../libs/heartwire/src/session/session-owner.js';
import type { SessionLimits, SessionSettings } from '../../libs/heartwire/src/session/session-settings.js';
import { Session } from '../../libs/heartwire/src/session/session.js';
import { monotonicClock } from '../../libs/heartwire/src/timing/clock.js';
import type { Runtime } from '../../libs/heartwire/src/timing/runtime.js';

/** The platform's timers, to be used with Jest's fake ones: nothing in it needs a promise. */
export const virtualRuntime: Runtime = {
  clock: monotonicClock,
  scheduler: asyncScheduler,
  random: () => 0.5,
  defer: (task) => void setImmediate(task),
  afterInput: (task) => void setImmediate(task),
};

const LIMITS: SessionLimits = {
  maxFrameBytes: 65_536,
  sendBufferBytes: 1_048_576,
  deliveryLogBytes: 1_048_576,
  waitingCalls: 1_000,
  waitingBytes: 1_048_576,
  runningCallsPerConnection: 100,
  waitingEvents: 1_000,
  waitingEventBytes: 1_048_576,
  incomingStreams: 100,
  streamBufferItems: 1_000,
  incomingStreamBytes: 1_048_576,
  outgoingStreamBytes: 1_048_576,
  streamBufferBytes: 1_048_576,
};

/** What a test changes of an end. */
export interface EndOptions extends Partial<Omit<SessionSettings, 'clientId' | 'limits'>> {
  readonly limits?: Partial<SessionLimits>;
  readonly dispatch?: Dispatch;
  readonly admission?: Admission;
}

function settingsOf(clientId: string, options: EndOptions): SessionSettings {
  const { heartbeat = { intervalMs: 1_000, timeoutMs: 2_000 }, limits } = options;
  const { handshakeTimeoutMs = 500, drainTimeoutMs = 500, resumeWindowMs = 5_000, codec, name } = options;
  const { authenticate, token } = options;
  return {
    clientId,
    heartbeat,
    handshakeTimeoutMs,
    drainTimeoutMs,
    resumeWindowMs,
    codec,
    name,
    authenticate,
    token,
    limits: { ...LIMITS, ...limits },
  };
}

/** What the owner of a session was told. */
export class OwnerRecord {
  /** One entry each time it was ready: whether it was resumed. */
  readonly readies: boolean[] = [];
  readonly linksLost: HeartwireError[] = [];
  readonly sessionsLost: HeartwireError[] = [];
  readonly refusals: HeartwireError[] = [];
  readonly goaways: string[] = [];
}

/** A server's part of accepting sessions, without sockets. */
export class AcceptingEnd extends OwnerRecord {
  /** Those that have not ended, by their names. */
  readonly sessions = new Map<string, Session>();
  private readonly admission: Admission;
  private accepted = 0;

  constructor(private readonly options: EndOptions = {}) {
    super();
    this.admission = options.admission ?? new Admission(1_000);
  }

  /** The session that was accepted first, or last went on. */
  get session(): Session {
    const [first] = this.sessions.values();
    if (first === undefined) throw new Error('no session is open');
    return first;
  }

  accept(link: Link): Session {
    const clientId = `session-${String((this.accepted += 1))}`;
    const owner: SessionOwner = {
      ready: (resumed) => void this.readies.push(resumed),
      linkLost: (reason) => void this.linksLost.push(reason),
      answersLost: (inFlight, reason) => {
        for (const call of inFlight) call.fail(answerLost(call, reason));
      },
      sessionLost: (reason) => {
        this.sessionsLost.push(reason);
        for (const call of session.calls.releaseWaiting()) call.fail(neverAnswered(call, reason));
        this.sessions.delete(clientId);
        session.destroy(reason);
      },
      resume: (resumption) => {
        const known = this.sessions.get(resumption.session);
        if (known === undefined || known === session || !known.canBeResumed(resumption)) return undefined;
        this.sessions.delete(clientId);
        return known;
      },
      goaway: (reason) => void this.goaways.push(reason),
      retries: () => false,
      livenessChanged: () => undefined,
      refused: (error) => void this.refusals.push(error),
    };
    const serve = serveCalls(this.admission, this.options.dispatch ?? refuseCall);
    const settings = settingsOf(clientId, this.options);
    const session = new Session(
      settings,
      virtualRuntime,
      serve,
      owner,
      (parts) => new SessionAcceptor(parts),
    );
    this.sessions.set(clientId, session);
    session.attach(link);
    return session;
  }
}

/** A client's part of a session, without sockets and without dialling by itself. */
export class DiallingEnd extends OwnerRecord {
  readonly session: Session;
  onLinkLost: (() => void) | undefined;
  private isClosing = false;

  constructor(options: EndOptions = {}) {
    super();
    const owner: SessionOwner = {
      ready: (resumed) => void this.readies.push(resumed),
      linkLost: (reason) => {
        this.linksLost.push(reason);
        this.onLinkLost?.();
      },
      answersLost: (inFlight, reason) => this.settle(inFlight, reason),
      sessionLost: (reason) => {
        this.sessionsLost.push(reason);
        if (this.isClosing) this.session.destroy(reason);
      },
      resume: () => undefined,
      goaway: (reason) => void this.goaways.push(reason),
      retries: () => false,
      livenessChanged: () => undefined,
      refused: (error) => void this.refusals.push(error),
    };
    const { admission = new Admission(1_000), dispatch = refuseCall } = options;
    this.session = new Session(
      settingsOf('', options),
      virtualRuntime,
      serveCalls(admission, dispatch),
      owner,
    );
  }

  /** Goes away for good. */
  close(graceMs = 1_000): void {
    this.isClosing = true;
    this.onLinkLost = undefined;
    this.session.drain('closed', graceMs);
  }

  private settle(inFlight: readonly OutgoingCall[], reason: HeartwireError): void {
    for (const call of inFlight) {
      if (call.isRepeatable) this.session.calls.add(call);
      else call.fail(answerLost(call, reason));
    }
  }
}
