import { ErrorCode } from '../errors/error-code.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import type { StatusResponseMessage } from '../protocol/messages.js';
import { Admission } from '../session/admission.js';
import type { OutgoingCalls } from '../session/outgoing-calls.js';
import { connectionClosed, neverAnswered, noSession, UNUSED } from '../session/reasons.js';
import { serveCalls } from '../session/served-calls.js';
import type { SessionOwner } from '../session/session-owner.js';
import { Session } from '../session/session.js';
import { Backoff } from '../timing/backoff.js';
import { FadingCount } from '../timing/fading-count.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Candidate } from './balancer.js';
import type { ConnectionLog } from './connection-log.js';
import type { ConnectionOwner } from './connection-owner.js';
import type { PlannedConnection } from './connection-plan.js';
import { type ConnectionSettings, sessionSettings } from './connection-settings.js';
import { type ConnectionState, leave, stableAfter } from './connection-state.js';
import { limitLeaving } from './limit-leaving.js';
import type { Replica } from './replica.js';

/**
 * Keeps a session with one server: dials, dials again when the link is lost, and moves on to a
 * fresh session when the server goes away. Once closed, it stays closed.
 */
export class Connection implements PlannedConnection, Candidate {
  /** Whether the urls still lead to this server. */
  isKnown = true;
  /** Attempts that failed since it was last ready. */
  failures = 0;
  /** When the next attempt is due, on the clock. */
  retryAt = 0;
  /** How its link is, or was at last. */
  liveness: Liveness | undefined;

  private current: ConnectionState = { name: 'idle' };
  private session: Session;
  /** Sessions that finish what runs on them. */
  private readonly leaving = new Set<Session>();
  private readonly backoff: Backoff;
  private readonly refusals: FadingCount;
  private answeredBefore = 0;
  /** Since when it should be connected and isn't, and how often it was tried. */
  private lostAt = 0;
  private attempts = 0;

  constructor(
    /** As it was found last. */
    public replica: Replica,
    /** Its place among those of the same priority: lower is preferred. */
    public rank: number,
    private readonly settings: ConnectionSettings,
    private readonly log: ConnectionLog,
    private readonly owner: ConnectionOwner<Connection>,
  ) {
    const { options, runtime } = settings;
    this.backoff = new Backoff(options.reconnect, runtime.random);
    this.refusals = new FadingCount(runtime.clock);
    this.session = this.newSession();
  }

  get key(): string {
    return this.replica.key;
  }

  /** Its url, for people. */
  get endpoint(): string {
    return this.replica.url;
  }

  get priority(): number {
    return this.replica.priority;
  }

  get phase(): PlannedConnection['phase'] {
    if (this.current.name === 'ready' || this.current.name === 'resting') return this.current.name;
    if (this.current.name === 'idle') return 'spare';
    return this.failures > 0 ? 'failing' : 'opening';
  }

  get isSuspended(): boolean {
    return this.session.state === 'suspended';
  }

  get isSuspect(): boolean {
    return this.liveness?.state === 'suspect';
  }

  /** How its server saw it when it last said so. */
  get seenThere(): StatusResponseMessage | undefined {
    return this.session.attachment?.seenThere;
  }

  get callsUnderWay(): number {
    return this.calls.waitingCount + this.calls.inFlightCount;
  }

  /** A server that refuses quickly has few calls under way, and should not get more for it. */
  get load(): number {
    return this.callsUnderWay + this.refusals.value;
  }

  /** The calls of the session that it has now. */
  get calls(): OutgoingCalls {
    return this.session.calls;
  }

  /** Calls answered so far. */
  get answered(): number {
    return this.answeredBefore + this.calls.answered;
  }

  /** The socket that it uses now. */
  get carrier(): unknown {
    return this.session.attachment?.link.carrier;
  }

  /** Dials, if it isn't wanted already. */
  open(): void {
    if (this.current.name !== 'idle' && this.current.name !== 'resting') return;
    // It may have been left alone for hours: that is no outage.
    if (this.attempts === 0) this.lostAt = this.settings.runtime.clock.now();
    this.dialNow();
  }

  /** After a failed attempt: tries again later. */
  retryLater(error: HeartwireError): void {
    if (!this.isWanted) return;
    this.wait(this.backoff.next());
    this.log.attemptFailed(error);
  }

  /** After a failed attempt: isn't wanted for now. */
  park(): void {
    if (this.current.name === 'waiting') this.move({ name: 'idle' });
  }

  /** Finishes what runs within `drainTimeoutMs`, and then ends. */
  close(): void {
    if (!this.isWanted) return;
    this.move({ name: 'closing' });
    for (const session of [this.session, ...this.leaving]) {
      session.drain('closed', this.settings.options.drainTimeoutMs);
    }
    this.endWhenAllEnded();
  }

  /** Doesn't come back: only what finishes on sessions that it has left already goes on. */
  giveUp(error: HeartwireError): void {
    if (!this.isWanted) return;
    this.move({ name: 'closing' });
    this.session.destroy(error);
    this.endWhenAllEnded();
  }

  private readonly dialNow = (): void => {
    const { address, hosts } = this.replica;
    this.attempts += 1;
    const dialled = this.settings.dialler.dial(address, hosts);
    this.move({ name: 'dialling', dial: dialled });
    const isStale = (): boolean => this.current.name !== 'dialling' || this.current.dial !== dialled;
    dialled.link.then(
      (link) => {
        if (isStale()) {
          link.destroy();
          return;
        }
        this.move({ name: 'greeting' });
        this.session.attach(link);
      },
      (error: unknown) => {
        if (!isStale()) this.attemptFailed(fromNodeError(error, ErrorCode.CONNECT_FAILED));
      },
    );
  };

  private newSession(): Session {
    const { options, runtime, dispatch } = this.settings;
    const isCurrent = (): boolean => session === this.session && this.isWanted;
    const owner: SessionOwner = {
      ready: (resumed) => this.becomeReady(session.attachment?.link.remote ?? '', resumed),
      linkLost: (reason) => {
        if (isCurrent()) this.linkLost(reason);
      },
      answersLost: (inFlight, reason) => this.owner.answersLost(this, inFlight, reason),
      sessionLost: (reason) => {
        if (!isCurrent()) this.sessionEnded(session, reason);
      },
      resume: () => undefined,
      goaway: (reason) => {
        if (isCurrent()) this.moveOn(reason);
      },
      retries: (call, { code }) => {
        if (code === ErrorCode.OVERLOADED) this.refusals.add();
        // A server that goes away has not begun the call: it is safe to send it elsewhere, but for a stream that has begun.
        if (code !== ErrorCode.DRAINING || call.stream !== undefined) return false;
        // Who refuses goes away, whether or not it has said so in time.
        if (isCurrent()) {
          this.moveOn('it refuses calls');
          session.drain('closed', options.drainTimeoutMs);
        }
        return this.owner.takesBack(call);
      },
      livenessChanged: (liveness) => {
        if (session !== this.session) return;
        this.liveness = liveness;
        this.owner.livenessChanged(this, liveness);
      },
      // The loss of the link, which follows, tells it.
      refused: () => undefined,
    };
    const serve = serveCalls(new Admission(options.limits.runningCallsPerConnection), dispatch);
    const session = new Session(sessionSettings(this.settings), runtime, serve, owner);
    return session;
  }

  private becomeReady(remote: string, resumed: boolean): void {
    const { options, runtime } = this.settings;
    const stableAfterMs = stableAfter(options.reconnect, resumed);
    const stableTimer = setTimeout((): void => this.backoff.reset(), stableAfterMs);
    this.move({ name: 'ready', stableTimer, resumedAfter: resumed ? this.answered : undefined });
    this.log.connected(remote, runtime.clock.now() - this.lostAt, this.attempts);
    this.attempts = 0;
    this.failures = 0;
    this.owner.ready(this);
  }

  private attemptFailed(error: HeartwireError): void {
    // The same token would be refused again: that counts as all the attempts there may be.
    const isHopeless =
      error.code === ErrorCode.UNAUTHENTICATED && !this.settings.options.reconnect.afterRefusal;
    this.failures = isHopeless ? Infinity : this.failures + 1;
    this.owner.attemptFailed(this, error);
  }

  private linkLost(reason: HeartwireError): void {
    if (this.current.name !== 'ready') {
      this.attemptFailed(noSession(reason));
      return;
    }
    // A server that still knows the session has not crashed, and one that answers doesn't turn it away: only the link was bad.
    const { resumedAfter } = this.current;
    if (resumedAfter !== undefined && this.answered > resumedAfter) this.backoff.reset();
    this.lostAt = this.settings.runtime.clock.now();
    this.log.lost(reason);
    this.wait(this.backoff.next());
    this.owner.lost(this, reason, this.calls.releaseWaiting());
  }

  /** The server goes away: new calls take a fresh session, what runs finishes on the old one. */
  private moveOn(reason: string): void {
    const old = this.session;
    this.log.goaway(reason);
    this.answeredBefore += old.calls.answered;
    this.leaving.add(old);
    limitLeaving(this.leaving, this.settings.options.drainTimeoutMs);
    this.session = this.newSession();
    this.lostAt = this.settings.runtime.clock.now();
    const waiting = old.calls.releaseWaiting();
    if (reason === UNUSED && waiting.length === 0 && !this.settings.awaitsPushes()) {
      this.move({ name: 'resting' });
      this.owner.rests(this, waiting);
      return;
    }
    // At once, since nothing has failed; but a server must not keep it going round and round, by any reason.
    const isFirst = this.backoff.attempts === 0;
    const delayMs = this.backoff.next();
    this.wait(isFirst ? 0 : delayMs);
    this.owner.movedOn(this, waiting);
  }

  private wait(delayMs: number): void {
    this.retryAt = this.settings.runtime.clock.now() + delayMs;
    this.move({ name: 'waiting', retryTimer: setTimeout(this.dialNow, delayMs) });
  }

  private sessionEnded(session: Session, reason: HeartwireError): void {
    this.leaving.delete(session);
    session.destroy(reason);
    const why = this.isWanted ? reason : connectionClosed('by hand');
    for (const call of session.calls.releaseWaiting()) call.fail(neverAnswered(call, why));
    this.endWhenAllEnded();
  }

  private endWhenAllEnded(): void {
    if (this.current.name !== 'closing' || this.leaving.size > 0 || this.session.state !== 'ended') return;
    this.move({ name: 'closed' });
    this.owner.ended(this);
  }

  private get isWanted(): boolean {
    return this.current.name !== 'closing' && this.current.name !== 'closed';
  }

  private move(next: ConnectionState): void {
    leave(this.current);
    this.current = next;
  }
}
