import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import { dial } from '../link/dial.js';
import { SocketLink } from '../link/socket-link.js';
import type { Address } from '../options/address.js';
import type { ResolvedClientOptions } from '../options/client-options.js';
import type { FrameEncoder } from '../protocol/frame-encoder.js';
import { Admission } from '../session/admission.js';
import type { Codec } from '../session/codec.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import { answerLost, connectionClosed, neverAnswered } from '../session/reasons.js';
import type { Runtime } from '../timing/runtime.js';
import { refuseCall } from '../session/refuse-call.js';
import { Session } from '../session/session.js';
import type { SessionOwner } from '../session/session-owner.js';
import type { SessionSettings } from '../session/session-settings.js';
import { Backoff } from '../timing/backoff.js';
import type { ConnectionListener } from './connection-listener.js';
import { type ConnectionState, type ConnectionStatus, leave } from './connection-state.js';
import { RetryBudget } from './retry-budget.js';

/** Who waits for the first attempt. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: HeartwireError) => void;
}

/**
 * Keeps a session with a server: dials, dials again when the link is lost, and moves on to a
 * fresh session when the server goes away. Calls wait in the session meanwhile. Once closed, it
 * stays closed.
 */
export class Connection {
  private current: ConnectionState = { name: 'idle' };
  private session: Session;
  /** Sessions that finish what runs on them. */
  private readonly leaving = new Set<Session>();
  private readonly backoff: Backoff;
  private readonly budget = new RetryBudget();
  private status: ConnectionStatus = 'closed';
  private connectedBefore = false;
  private answeredBefore = 0;
  /** Since when it isn't connected, and how often it was tried. */
  private lostAt: number;
  private attempts = 0;
  private connecting: Promise<void> | undefined;
  private firstAttempt: Waiter | undefined;
  private closing: Promise<void> | undefined;
  private closed: (() => void) | undefined;

  constructor(
    private readonly options: ResolvedClientOptions,
    private readonly runtime: Runtime,
    private readonly encoder: FrameEncoder,
    private readonly codec: Codec | undefined,
    private readonly listener: ConnectionListener,
  ) {
    this.backoff = new Backoff(options.reconnect, runtime.random);
    this.lostAt = runtime.clock.now();
    this.session = this.newSession();
  }

  get isClosed(): boolean {
    return this.current.name === 'closed' || this.current.name === 'closing';
  }

  /** The socket that it uses now. */
  get carrier(): unknown {
    return this.session.attachment?.link.carrier;
  }

  /**
   * Starts connecting. The promise settles with the end of the first attempt; a failed one rejects
   * it only with `strict`, and is tried again in the background otherwise.
   */
  connect(): Promise<void> {
    this.connecting ??= new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(connectionClosed('by hand'));
        return;
      }
      this.firstAttempt = { resolve, reject };
      this.dialNow();
    });
    return this.connecting;
  }

  /** Sends the call as soon as there is a session for it. */
  request(call: OutgoingCall): void {
    if (this.isClosed) {
      call.fail(new HeartwireError(ErrorCode.CLOSED, 'the client is closed', { sent: 'never' }));
      return;
    }
    // Who calls without having connected hears of a failed attempt through its call.
    if (this.current.name === 'idle') this.connect().catch(() => undefined);
    this.session.calls.add(call);
  }

  /** Finishes what runs within `drainTimeoutMs`, and then ends. */
  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      this.closed = resolve;
      this.firstAttempt?.reject(connectionClosed('by hand'));
      this.firstAttempt = undefined;
      this.move({ name: 'closing' });
      if (this.session.attachment !== undefined) this.tell('draining');
      for (const session of [this.session, ...this.leaving]) {
        session.drain('closed', this.options.drainTimeoutMs);
        if (session.state === 'ended') this.failWaiting(session, connectionClosed('by hand'));
      }
      this.closeWhenAllEnded();
    });
    return this.closing;
  }

  private readonly dialNow = (): void => {
    this.attempts += 1;
    const { addresses, connectTimeoutMs } = this.options;
    const address = addresses[(this.attempts - 1) % addresses.length] as Address;
    const dialled = dial(address, connectTimeoutMs);
    this.move({ name: 'dialling', dial: dialled });
    this.tell(this.connectedBefore ? 'reconnecting' : 'connecting');
    const isStale = (): boolean => this.current.name !== 'dialling' || this.current.dial !== dialled;
    dialled.socket.then(
      (socket) => {
        if (isStale()) {
          socket.destroy();
          return;
        }
        this.move({ name: 'greeting' });
        this.session.attach(new SocketLink(socket, this.encoder, this.runtime.clock, this.options.limits));
      },
      (error: unknown) => {
        if (!isStale()) this.attemptFailed(fromNodeError(error, ErrorCode.CONNECT_FAILED));
      },
    );
  };

  private becomeReady(remote: string): void {
    const stableTimer = setTimeout(() => {
      this.backoff.reset();
    }, this.options.reconnect.stableAfterMs);
    this.move({ name: 'ready', stableTimer });
    this.connectedBefore = true;
    this.listener.connected(remote, this.runtime.clock.now() - this.lostAt, this.attempts);
    this.attempts = 0;
    this.tell('connected');
    this.firstAttempt?.resolve();
    this.firstAttempt = undefined;
  }

  private attemptFailed(error: HeartwireError): void {
    const { maxAttempts } = this.options.reconnect;
    const isFirst = this.firstAttempt !== undefined;
    const givesUp = (isFirst && this.options.strict) || this.attempts >= maxAttempts;
    if (givesUp) {
      this.listener.attemptFailed(error, undefined);
      this.giveUp(error);
    } else {
      const retryInMs = this.retryLater();
      this.listener.attemptFailed(error, retryInMs);
      this.firstAttempt?.resolve();
    }
    this.firstAttempt = undefined;
  }

  private giveUp(error: HeartwireError): void {
    this.firstAttempt?.reject(error);
    this.move({ name: 'closing' });
    this.session.destroy(error);
    this.failWaiting(this.session, error);
    this.closeWhenAllEnded();
  }

  private retryLater(): number {
    const delayMs = this.backoff.next();
    const retryTimer = setTimeout(this.dialNow, delayMs);
    this.move({ name: 'waiting', retryTimer });
    this.tell(this.connectedBefore ? 'reconnecting' : 'connecting');
    return delayMs;
  }

  private newSession(): Session {
    const { limits } = this.options;
    const settings: SessionSettings = {
      ...this.options,
      role: 'dialling',
      clientId: '',
      limits: { ...limits, waitingEvents: limits.waitingCalls, waitingEventBytes: limits.waitingBytes },
      codec: this.codec,
    };
    const owner: SessionOwner = {
      ready: (resumed) => {
        // A server that still knows the session has not crashed: only the link was bad.
        if (resumed) this.backoff.reset();
        this.becomeReady(session.attachment?.link.remote ?? '');
      },
      linkLost: (reason) => {
        if (session === this.session && !this.isClosed) this.linkLost(reason);
      },
      sessionLost: (reason, inFlight) => {
        this.settle(inFlight, reason);
        if (session !== this.session || this.isClosed) this.sessionEnded(session, reason);
      },
      resume: () => undefined,
      goaway: (reason) => {
        this.moveOn(session, reason);
      },
      retries: (call, error) => this.retries(session, call, error),
      livenessChanged: (liveness) => {
        if (session === this.session) this.listener.livenessChanged(liveness);
      },
      // The loss of the link, which follows, tells it.
      refused: () => undefined,
    };
    const session = new Session(
      settings,
      this.runtime,
      new Admission(limits.runningCallsPerConnection),
      refuseCall,
      owner,
    );
    return session;
  }

  private linkLost(reason: HeartwireError): void {
    if (this.current.name === 'ready') {
      this.lostAt = this.runtime.clock.now();
      this.listener.lost(reason);
      if (this.options.reconnect.maxAttempts === 0) this.giveUp(reason);
      else this.retryLater();
    } else {
      this.attemptFailed(reason);
    }
  }

  private sessionEnded(session: Session, reason: HeartwireError): void {
    this.leaving.delete(session);
    session.destroy(reason);
    this.failWaiting(session, reason);
    this.closeWhenAllEnded();
  }

  /** The server goes away: new calls take a fresh session, what runs finishes on the old one. */
  private moveOn(session: Session, reason: string): void {
    if (session !== this.session || this.isClosed) return;
    this.listener.goaway(reason);
    this.answeredBefore += session.calls.answered;
    this.leaving.add(session);
    this.session = this.newSession();
    for (const call of session.calls.releaseWaiting()) this.session.calls.add(call);
    this.lostAt = this.runtime.clock.now();
    this.retryLater();
  }

  /** A server that goes away has not begun the call: it is safe to send it elsewhere. */
  private retries(session: Session, call: OutgoingCall, error: HeartwireError): boolean {
    const isRefused = error.code === ErrorCode.DRAINING && error.sent === 'never';
    if (!isRefused || session === this.session || this.isClosed) return false;
    call.sent = 'never';
    this.session.calls.add(call);
    return true;
  }

  /** Calls whose answers were lost with their link. */
  private settle(inFlight: readonly OutgoingCall[], reason: HeartwireError): void {
    for (const call of inFlight) {
      if (!this.isClosed && this.budget.allows(call, this.answeredBefore + this.session.calls.answered)) {
        this.session.calls.add(call);
      } else {
        call.fail(answerLost(call, reason));
      }
    }
  }

  private failWaiting(session: Session, reason: HeartwireError): void {
    for (const call of session.calls.releaseWaiting()) call.fail(neverAnswered(call, reason));
  }

  private closeWhenAllEnded(): void {
    if (this.current.name !== 'closing' || this.leaving.size > 0 || this.session.state !== 'ended') return;
    this.move({ name: 'closed' });
    this.tell('closed');
    this.closed?.();
  }

  private tell(status: ConnectionStatus): void {
    if (status === this.status) return;
    this.status = status;
    this.listener.statusChanged(status);
  }

  private move(next: ConnectionState): void {
    leave(this.current);
    this.current = next;
  }
}
