import { ErrorCode } from '../errors/error-code.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import type { ConnectionStatus } from '../session/connection-status.js';
import { answerLost, connectionClosed, neverAnswered, noSession } from '../session/reasons.js';
import { RetryBudget } from '../session/retry-budget.js';
import type { Serve } from '../session/served.js';
import { Session } from '../session/session.js';
import type { SessionOwner } from '../session/session-owner.js';
import { Backoff } from '../timing/backoff.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Runtime } from '../timing/runtime.js';
import type { Settings } from './connect-options.js';
import { type Dial, dial, withoutSecrets } from './dial.js';
import type { WebSocketLike } from './platform.js';
import { Probe } from './probe.js';
import { WebSocketLink } from './web-socket-link.js';

type Timer = ReturnType<typeof setTimeout>;

/** A message of 4 MiB gets through at 50 KiB/s. */
const MOST_PATIENCE = 8;

/** Where the loop stands. A callback that belongs to an earlier state is stale. */
type State =
  /** A WebSocket is being opened. */
  | { readonly name: 'dialling'; readonly dial: Dial }
  /** It is open; the session is shaking hands. */
  | { readonly name: 'greeting' }
  /** Calls flow. Once the timer has passed, the next backoff starts from its beginning. */
  | { readonly name: 'ready'; readonly timer: Timer }
  /** Until the next dial. */
  | { readonly name: 'waiting'; readonly timer?: Timer }
  /** For good, by hand or because it is hopeless: what runs may finish. */
  | { readonly name: 'closing'; readonly reason: HeartwireError }
  | { readonly name: 'closed'; readonly reason: HeartwireError };

export interface LoopListener {
  statusChanged(status: ConnectionStatus): void;
  livenessChanged(liveness: Liveness): void;
}

/**
 * Keeps a session with the server: dials, dials again when the link is lost, and moves on to a fresh session when
 * the server goes away. Calls made meanwhile wait in the session. Once closed, it stays closed.
 */
export class ReconnectLoop {
  private current: State = { name: 'waiting' };
  private session: Session;
  /** Sessions that finish what runs on them. */
  private readonly leaving = new Set<Session>();
  private readonly backoff: Backoff;
  private readonly budget = new RetryBudget();
  private readonly probe: Probe;
  private failures = 0;
  /** The next link's. */
  private patience = 1;

  constructor(
    private readonly settings: Settings,
    private readonly runtime: Runtime,
    private readonly serve: Serve,
    private readonly listener: LoopListener,
  ) {
    this.backoff = new Backoff(settings.reconnect, runtime.random);
    this.probe = new Probe(runtime.clock, settings.heartbeat.timeoutMs);
    this.session = this.newSession();
    this.dialNow();
  }

  request(call: OutgoingCall): void {
    const { current } = this;
    if ('reason' in current) call.fail(neverAnswered(call, current.reason));
    else this.session.calls.add(call);
  }

  /** The network has changed, or the page is seen again. Where nothing stands, what is worth trying is tried at once. */
  lookNow(isWorthTrying: boolean): void {
    const { name } = this.current;
    const { attachment } = this.session;
    if (name === 'ready') this.probe.start(attachment);
    if (!isWorthTrying) return;
    if (name === 'greeting') {
      // Its loss, which follows, dials.
      this.move({ name: 'waiting' });
      attachment?.link.destroy();
    } else if (name === 'waiting' || name === 'dialling') {
      this.dialNow();
    }
  }

  /** Finishes what runs within `drainTimeoutMs`, and then ends. */
  close(): void {
    if (!this.isWanted) return;
    if (this.current.name === 'ready') this.listener.statusChanged('draining');
    this.move({ name: 'closing', reason: connectionClosed('by hand') });
    for (const session of [this.session, ...this.leaving])
      session.drain('closed', this.settings.drainTimeoutMs);
    this.closeWhenAllEnded();
  }

  private readonly dialNow = (): void => {
    const dialling: State = {
      name: 'dialling',
      dial: dial(
        this.settings,
        (socket) => {
          this.opened(socket);
        },
        (error) => {
          this.attemptFailed(error);
        },
      ),
    };
    this.move(dialling);
  };

  private opened(socket: WebSocketLike): void {
    const { clock } = this.runtime;
    const { url, limits } = this.settings;
    this.move({ name: 'greeting' });
    const { maxFrameBytes } = limits;
    this.session.attach(new WebSocketLink(socket, withoutSecrets(url), clock, maxFrameBytes, this.patience));
  }

  private newSession(): Session {
    const isCurrent = (): boolean => session === this.session && this.isWanted;
    const owner: SessionOwner = {
      ready: (resumed) => {
        // A server that still knows the session has not crashed: only the link was bad.
        if (resumed) this.backoff.reset();
        this.becomeReady();
      },
      linkLost: (reason) => {
        if (isCurrent()) this.linkLost(reason);
      },
      answersLost: (inFlight, reason) => {
        for (const call of inFlight) this.answerLost(call, reason);
      },
      sessionLost: (reason) => {
        if (!isCurrent()) this.sessionEnded(session, reason);
      },
      resume: () => undefined,
      goaway: () => {
        if (isCurrent()) this.moveOn();
      },
      retries: (call, { code }) => {
        // A server that goes away has not begun the call: it is safe to send it elsewhere, but for a stream that has begun.
        if (code !== ErrorCode.DRAINING || call.stream || !this.isWanted) return false;
        if (isCurrent()) {
          this.moveOn();
          session.drain('closed', this.settings.drainTimeoutMs);
        }
        this.session.calls.add(call);
        return true;
      },
      livenessChanged: (liveness) => {
        if (session !== this.session) return;
        this.learn(liveness);
        this.listener.livenessChanged(liveness);
      },
      // The loss of the link, which follows, tells it.
      refused: () => undefined,
    };
    const session = new Session({ ...this.settings, clientId: '' }, this.runtime, this.serve, owner);
    return session;
  }

  /**
   * A WebSocket gives a message when all of it is here. Where nothing was heard on a whole link, a long one may have been
   * on its way: it is sent again over the next, and needs as long again.
   */
  private learn({ state, missed, heartbeats }: Liveness): void {
    if (state !== 'dead') return;
    this.patience = missed < heartbeats ? 1 : Math.min(this.patience * 2, MOST_PATIENCE);
  }

  private becomeReady(): void {
    const timer = setTimeout(() => {
      this.backoff.reset();
    }, this.settings.reconnect.stableAfterMs);
    this.move({ name: 'ready', timer });
    this.failures = 0;
    this.listener.statusChanged('connected');
  }

  private answerLost(call: OutgoingCall, reason: HeartwireError): void {
    const { calls } = this.session;
    if (this.isWanted && this.budget.allows(call, calls.answered)) calls.add(call);
    else call.fail(answerLost(call, reason));
  }

  private linkLost(reason: HeartwireError): void {
    const { name } = this.current;
    if (name === 'waiting') {
      this.dialNow();
    } else if (name !== 'ready') {
      this.attemptFailed(noSession(reason));
    } else if (this.settings.reconnect.maxAttempts === 0) {
      this.giveUp(reason);
    } else {
      this.wait(this.backoff.next());
      // The last step: who hears of it may close the client.
      this.listener.statusChanged('reconnecting');
    }
  }

  private attemptFailed(error: HeartwireError): void {
    const { maxAttempts, afterRefusal } = this.settings.reconnect;
    this.failures += 1;
    // The same token would be refused again.
    const isHopeless = error.code === ErrorCode.UNAUTHENTICATED && !afterRefusal;
    if (isHopeless || this.failures >= maxAttempts) this.giveUp(error);
    else this.wait(this.backoff.next());
  }

  private giveUp(reason: HeartwireError): void {
    this.move({ name: 'closing', reason });
    this.session.destroy(reason);
    this.closeWhenAllEnded();
  }

  /** The server goes away: new calls take a fresh session, what runs finishes on the old one. */
  private moveOn(): void {
    const old = this.session;
    this.leaving.add(old);
    this.session = this.newSession();
    // The budget counts on.
    this.session.calls.answered = old.calls.answered;
    // At once, since nothing has failed; but a server must not keep it going round and round.
    const isFirst = this.backoff.attempts === 0;
    const delayMs = this.backoff.next();
    this.wait(isFirst ? 0 : delayMs);
    for (const call of old.calls.releaseWaiting()) this.session.calls.add(call);
    this.listener.statusChanged('reconnecting');
  }

  private sessionEnded(session: Session, reason: HeartwireError): void {
    this.leaving.delete(session);
    session.destroy(reason);
    this.closeWhenAllEnded();
  }

  private closeWhenAllEnded(): void {
    const { current, session } = this;
    if (current.name !== 'closing' || session.state !== 'ended') return;
    const { reason } = current;
    // Nobody minds their deadlines any more.
    for (const call of session.calls.releaseWaiting()) call.fail(neverAnswered(call, reason));
    if (this.leaving.size > 0) return;
    this.move({ name: 'closed', reason });
    this.listener.statusChanged('closed');
  }

  private wait(delayMs: number): void {
    this.move({ name: 'waiting', timer: setTimeout(this.dialNow, delayMs) });
  }

  private get isWanted(): boolean {
    return !('reason' in this.current);
  }

  private move(next: State): void {
    const { current } = this;
    this.probe.stop();
    if (current.name === 'dialling') current.dial.cancel();
    else if ('timer' in current) clearTimeout(current.timer);
    this.current = next;
  }
}
