import type { HeartwireError } from '../errors/heartwire-error.js';
import { resolveByDns } from '../link/resolve-by-dns.js';
import { formatAddress } from '../options/address.js';
import type { ConnectionStatus } from '../session/connection-status.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import { answerLost, clientClosed, connectionClosed } from '../session/reasons.js';
import { RetryBudget } from '../session/retry-budget.js';
import type { Liveness } from '../timing/liveness-state.js';
import { balancer } from './balancer.js';
import { CallRouter } from './call-router.js';
import { ClearTokenWarning } from './clear-token-warning.js';
import { Connection } from './connection.js';
import type { ConnectionListener } from './connection-listener.js';
import { ConnectionLog, type Logger } from './connection-log.js';
import type { ConnectionOwner } from './connection-owner.js';
import type { ConnectionSettings } from './connection-settings.js';
import { Endpoints, type EndpointsHost } from './endpoints.js';
import type { Replica } from './replica.js';

/** Who waits for the first attempts. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: HeartwireError) => void;
}

/**
 * The connections of one client, from the first attempt to the end of the last. Decides what becomes
 * of calls whose connection is lost, and when to give up. Once closed, it stays closed.
 */
export class ConnectionPool implements ConnectionOwner<Connection>, EndpointsHost {
  private stage: 'idle' | 'open' | 'closing' | 'closed' = 'idle';
  private status: ConnectionStatus = 'closed';
  private readonly router: CallRouter<Connection>;
  /** All that are not ended, those that finish what runs included. */
  private readonly alive = new Set<Connection>();
  /** Those of which was told that they are connected, and not yet that they no longer are. */
  private readonly connected = new Set<Connection>();
  private readonly endpoints: Endpoints;
  private readonly budget = new RetryBudget();
  private readonly log: ConnectionLog;
  private readonly tokenWarning: ClearTokenWarning;
  private answeredBefore = 0;
  private connecting: Promise<void> | undefined;
  private firstAttempt: Waiter | undefined;
  private closing: Promise<void> | undefined;
  private gaveUpFor: HeartwireError | undefined;
  private tellClosed: (() => void) | undefined;

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly logger: Logger,
    private readonly listener: ConnectionListener,
    /** Settles when the pool has closed whose place this one takes: calls may still run there. */
    private readonly former?: Promise<void>,
  ) {
    const { options, runtime } = settings;
    this.tokenWarning = new ClearTokenWarning(logger, options.token !== undefined);
    const pick = balancer(options.balance, runtime.random);
    // What belongs together stays together as long as its server is connected.
    const avoidsSuspects = typeof options.balance !== 'object';
    this.router = new CallRouter(runtime.clock, options.limits, pick, avoidsSuspects);
    this.endpoints = new Endpoints(options, runtime, options.resolve ?? resolveByDns, this);
    this.log = new ConnectionLog(logger, options.targets.map(formatAddress).join(', '), runtime.clock);
  }

  get isClosed(): boolean {
    return this.stage === 'closing' || this.stage === 'closed';
  }

  /** Those that are wanted, in the order in which they are preferred; spare ones are not among them. */
  get connections(): readonly Connection[] {
    return this.isClosed ? [] : this.endpoints.all.filter(({ phase }) => phase !== 'spare');
  }

  /** The socket of a connection that is used now. */
  get carrier(): unknown {
    const other = [...this.alive].find(({ carrier }) => carrier !== undefined);
    return this.router.first?.carrier ?? other?.carrier;
  }

  /**
   * Starts connecting. The promise settles as soon as one server is ready, or once each was tried. If all failed it
   * rejects where that was all, as with `strict`; otherwise they are tried again in the background.
   */
  connect(): Promise<void> {
    this.wake();
    this.connecting ??= new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(connectionClosed('by hand'));
        return;
      }
      this.firstAttempt = { resolve, reject };
      this.stage = 'open';
      this.router.open();
      this.endpoints.start();
      this.tell('connecting');
    });
    return this.connecting;
  }

  /** Sends the call as soon as there is a connection for it. */
  request(call: OutgoingCall): void {
    const { direct } = this.router;
    if (direct !== undefined) direct.add(call);
    else this.place(call);
  }

  /** Finishes what runs within `drainTimeoutMs`, and then ends. Who hears of a failed call may ask for it, too. */
  close(): Promise<void> {
    if (this.closing !== undefined) return this.closing;
    this.closing = new Promise<void>((resolve) => (this.tellClosed = resolve)).then(() => this.former);
    const reason = connectionClosed('by hand');
    // Who only started connecting need not hear of it: that would be an unhandled rejection in the midst of a shutdown.
    if (this.settings.options.strict) this.firstAttempt?.reject(reason);
    else this.firstAttempt?.resolve();
    if (this.carrier !== undefined) this.tell('draining');
    this.beginClosing(reason);
    for (const connection of this.alive) connection.close();
    this.closeWhenAllEnded();
    return this.closing;
  }

  // What its endpoints ask for.

  connectionTo(replica: Replica, rank: number): Connection {
    const log = new ConnectionLog(this.logger, formatAddress(replica.address), this.settings.runtime.clock);
    const connection = new Connection(replica, rank, this.settings, log, this);
    this.alive.add(connection);
    this.tokenWarning.connectingTo(replica);
    return connection;
  }

  retire(connection: Connection): void {
    this.router.leave(connection, connection.calls.releaseWaiting());
    connection.close();
  }

  // What its connections tell.

  ready(connection: Connection): void {
    this.router.use(connection);
    this.connected.add(connection);
    this.listener.connected();
    this.firstAttempt?.resolve();
    this.firstAttempt = undefined;
    this.endpoints.arrange();
    this.tell('connected');
  }

  lost(connection: Connection, reason: HeartwireError, waiting: readonly OutgoingCall[]): void {
    this.tellGone(connection);
    this.router.leave(connection, waiting);
    if (!this.giveUpIfHopeless(reason)) this.rearrange();
  }

  movedOn(connection: Connection, waiting: readonly OutgoingCall[]): void {
    this.tellGone(connection);
    this.router.leave(connection, waiting);
    // Where it goes away for good, its name may lead elsewhere by now.
    this.endpoints.refresh();
    this.rearrange();
  }

  rests(connection: Connection, waiting: readonly OutgoingCall[]): void {
    this.tellGone(connection);
    this.router.rest(connection);
    this.endpoints.arrange();
    if (!this.router.hasConnection) this.tell('idle');
    for (const call of waiting) this.place(call);
  }

  attemptFailed(connection: Connection, error: HeartwireError): void {
    this.listener.attemptFailed(error);
    if (this.giveUpIfHopeless(error)) return;
    if (this.router.hasConnection) this.repeatElsewhere(connection);
    connection.retryLater(error);
    this.endpoints.refresh();
    this.endpoints.arrange();
  }

  nameFailed(error: HeartwireError): void {
    this.listener.attemptFailed(error);
    if (this.router.hasConnection) this.log.lookUpFailed(error);
    else if (!this.giveUpIfHopeless(error)) this.log.attemptFailed(error);
  }

  answersLost(connection: Connection, calls: readonly OutgoingCall[], reason: HeartwireError): void {
    for (const call of calls) {
      if (!this.isClosed && this.mayRepeat(call)) this.router.place(call, connection);
      else call.fail(answerLost(call, reason));
    }
  }

  takesBack(call: OutgoingCall): boolean {
    if (!this.isClosed) this.place(call);
    return !this.isClosed;
  }

  livenessChanged({ endpoint }: Connection, liveness: Liveness): void {
    this.router.review();
    this.listener.livenessChanged(endpoint, liveness);
  }

  ended(connection: Connection): void {
    this.answeredBefore += connection.answered;
    this.alive.delete(connection);
    this.tellGone(connection);
    this.closeWhenAllEnded();
  }

  /** There is a choice, or the first connection is yet to be asked for. */
  private place(call: OutgoingCall): void {
    // Who calls without having connected hears of a failed attempt through its call.
    if (this.stage === 'idle') this.connect().catch(() => undefined);
    if (this.isClosed) call.fail(clientClosed(this.gaveUpFor));
    else this.router.place(call);
    this.tellIfWoken();
  }

  /** Connections that rest are needed. */
  private wake(): void {
    this.router.wake();
    this.tellIfWoken();
  }

  private tellIfWoken(): void {
    if (this.status === 'idle' && !this.isClosed) this.tell('reconnecting');
  }

  /** Its server may be long in coming back. What may run twice needn't wait for it. */
  private repeatElsewhere({ calls }: Connection): void {
    for (const call of calls.withdrawInFlight((each) => this.mayRepeat(each))) this.router.place(call);
  }

  private mayRepeat(call: OutgoingCall): boolean {
    return this.budget.allows(call, this.answered);
  }

  private rearrange(): void {
    this.endpoints.arrange();
    if (!this.router.hasConnection) this.tell('reconnecting');
  }

  /** After a failure. `true` when nothing is tried any more. */
  private giveUpIfHopeless(error: HeartwireError): boolean {
    const { strict, reconnect } = this.settings.options;
    const isFirstRoundOver = this.firstAttempt !== undefined && this.endpoints.haveFailed(1);
    if ((strict && isFirstRoundOver) || this.endpoints.haveFailed(reconnect.maxAttempts)) {
      this.giveUp(error);
      return true;
    }
    if (isFirstRoundOver) {
      this.firstAttempt?.resolve();
      this.firstAttempt = undefined;
    }
    return false;
  }

  private giveUp(error: HeartwireError): void {
    this.gaveUpFor = error;
    this.log.gaveUp(error);
    this.firstAttempt?.reject(error);
    this.beginClosing(error);
    for (const connection of this.alive) connection.giveUp(error);
    this.closeWhenAllEnded();
  }

  private beginClosing(reason: HeartwireError): void {
    this.stage = 'closing';
    this.firstAttempt = undefined;
    this.endpoints.stop();
    this.router.close(reason);
  }

  private closeWhenAllEnded(): void {
    if (this.stage !== 'closing' || this.alive.size > 0) return;
    this.stage = 'closed';
    this.tell('closed');
    this.tellClosed?.();
  }

  private tellGone(connection: Connection): void {
    if (this.connected.delete(connection)) this.listener.lost();
  }

  private get answered(): number {
    let { answeredBefore } = this;
    for (const { answered } of this.alive) answeredBefore += answered;
    return answeredBefore;
  }

  /** The last step of a move: who hears of it may close the client. */
  private tell(status: ConnectionStatus): void {
    if (status === this.status) return;
    this.status = status;
    this.listener.statusChanged(status);
  }
}
