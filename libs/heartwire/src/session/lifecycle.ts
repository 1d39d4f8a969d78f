import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Link } from '../link/link.js';
import { controlText } from '../protocol/message-text.js';
import type { GoawayMessage } from '../protocol/messages.js';
import type { Clock } from '../timing/clock.js';
import { LATE_MS } from '../timing/late.js';
import { LONGEST_DELAY_MS } from '../timing/longest-delay.js';
import type { Attachment } from './attachment.js';
import type { Exchange } from './exchange.js';
import type { Handshake } from './handshake.js';
import type { Inbound } from './inbound.js';
import type { Outbox } from './outbox.js';
import {
  connectionClosed,
  connectionLost,
  cutOff,
  goesAway,
  handshakeTimedOut,
  notWelcomed,
} from './reasons.js';
import type { SessionOwner } from './session-owner.js';
import { SessionReceiver, type LinkListener } from './session-receiver.js';
import type { SessionSettings } from './session-settings.js';
import { leave, type SessionState, type Suspension } from './session-state.js';

/** How much longer than it said the other end may take to go away. */
const PATIENCE_MS = 1_000;
/** How long the other end has to read the last word and close. */
const LINGER_MS = 1_000;
/** Who waits looks so often. */
const LOOK_EVERY_MS = 250;
/** The ping whose pong tells that the other end has heard all that was said before: a timestamp that no monitor gives. */
const FAREWELL = -1;

/** What a session's life brings about. */
export interface LifecycleHost {
  /** The session is gone for good, and a new one may begin. */
  lose(reason: HeartwireError): void;
}

/** Moves a session from state to state, and holds the one link that it has. See {@link SessionState}. */
export class Lifecycle implements LinkListener {
  private current: SessionState = { name: 'detached' };

  constructor(
    private readonly settings: SessionSettings,
    private readonly clock: Clock,
    private readonly exchange: Exchange,
    readonly inbound: Inbound,
    private readonly outbox: Outbox,
    private readonly handshake: Handshake,
    private readonly isAccepting: boolean,
    private readonly owner: Pick<SessionOwner, 'linkLost' | 'left' | 'answersLost'>,
    private readonly host: LifecycleHost,
  ) {}

  get state(): SessionState['name'] {
    return this.current.name;
  }

  /** The link it has now, with what is known through it. */
  get attachment(): Attachment | undefined {
    return 'attachment' in this.current ? this.current.attachment : undefined;
  }

  /** The session that a hello under way asks for. */
  get suspension(): Suspension | undefined {
    return 'suspension' in this.current ? this.current.suspension : undefined;
  }

  /** The handshake begins, and must be over in time. */
  greet(attachment: Attachment, onLate?: () => void): void {
    const { link } = attachment;
    const { handshakeTimeoutMs } = this.settings;
    const giveUp = (): void => this.detach(link, handshakeTimedOut(link.remote, handshakeTimeoutMs));
    this.greetUntil(attachment, handshakeTimeoutMs, onLate ?? giveUp);
    link.open(new SessionReceiver(this, link));
  }

  /** How the handshake ends if nothing else comes of it for so long. */
  greetUntil(attachment: Attachment, ms: number, onLate: () => void): void {
    const { suspension } = this;
    this.move({ name: 'greeting', attachment, timer: setTimeout(onLate, ms), suspension });
  }

  isGreeting(attachment: Attachment): boolean {
    return this.current.name === 'greeting' && this.current.attachment === attachment;
  }

  /** Calls flow over this link. One that it had before is dropped: a session has one link at a time. */
  ready(attachment: Attachment): void {
    const old = this.attachment;
    this.move({ name: 'ready', attachment });
    this.outbox.open();
    if (old?.link === attachment.link) return;
    old?.monitor.stop();
    old?.link.destroy();
    attachment.link.open(new SessionReceiver(this, attachment.link));
  }

  /** This end goes away. What runs may finish within `graceMs`, and then the link ends: at once when idle. */
  drain(attachment: Attachment, reason: string, graceMs: number): void {
    this.drainUntil(this.clock.now() + graceMs, attachment, reason, true);
  }

  /** The other end goes away. @returns whether what runs may finish */
  peerGoesAway(attachment: Attachment, { reason, graceMs }: GoawayMessage): boolean {
    // Nothing was sent yet: who takes no calls is not waited for.
    if (this.state === 'greeting') this.detach(attachment.link, goesAway(reason));
    if (this.state !== 'ready') return false;
    this.drainUntil(this.clock.now() + graceMs + PATIENCE_MS, attachment, reason, false);
    return true;
  }

  endIfDrained(): void {
    const { current } = this;
    if (current.name === 'finishing' && this.exchange.served.isIdle) this.lose(current.reason);
    if (current.name !== 'draining' || !current.endsHere || !this.exchange.isIdle) return;
    if (current.isHeard) this.end(connectionClosed('all is done'));
    else this.part(current.attachment, current.until);
  }

  /** A pong is here. Who was parting ends the link, or while there is grace parts again behind what it has still to answer. */
  heard(timestamp: number | string): void {
    const { current } = this;
    if (timestamp !== FAREWELL || current.name !== 'parting') return;
    const isDone = this.exchange.isIdle && this.outbox.queuedBytes === 0;
    if (isDone || current.until <= this.clock.now()) this.end(connectionClosed('all is done'));
    else this.drainUntil(current.until, current.attachment, 'all is done', true);
  }

  /** Sends what is queued, ends the link, and waits a moment for the other end to do the same. */
  end(reason: HeartwireError): void {
    const { attachment, current } = this;
    if (attachment === undefined) {
      // What is wrong with it was found only after its link was gone.
      if (this.suspension !== undefined) this.lose(reason);
      return;
    }
    attachment.monitor.stop();
    this.exchange.calls.maxInFlight = 0;
    const timer = setInterval((): void => {
      const mayRead = current.name === 'draining' && current.isHeard && this.clock.now() < current.until;
      // One that has only finished sending may read slowly what it is owed, while there is grace.
      if (!mayRead || this.outbox.queuedBytes === 0) this.detach(attachment.link, reason);
    }, LINGER_MS);
    this.move({ name: 'ending', attachment, timer, reason });
    this.exchange.served.cancelAll(reason);
    this.outbox.end();
  }

  /** The link is gone, or is given up now. A session that both ends may know waits for a new one. */
  detach(link: Link, reason: HeartwireError): void {
    const { attachment, current } = this;
    if (attachment?.link !== link) return;
    const isUnwelcome = !this.isAccepting && current.name === 'greeting' && attachment.welcome === undefined;
    const lastWord = attachment.lastWord ?? (isUnwelcome ? notWelcomed(reason) : reason);
    const because = current.name === 'ending' ? current.reason : lastWord;
    const until = this.resumableUntil();
    const graceMs = this.eventGrace();
    attachment.monitor.stop();
    this.exchange.calls.maxInFlight = 0;
    this.outbox.detach();
    if (until === undefined) this.move({ name: 'detached' });
    else this.suspend({ until, reason: because });
    link.destroy();
    this.owner.linkLost(because, until !== undefined);
    if (until !== undefined) return;
    if (graceMs === undefined || this.exchange.served.cancelCalls === undefined) this.host.lose(because);
    else this.finishEvents(because, graceMs);
  }

  /** Gives up the link; to be called once the session can't be resumed any more. */
  abandon(reason: HeartwireError): void {
    const { attachment } = this;
    if (attachment !== undefined) this.detach(attachment.link, reason);
    if (attachment === undefined || this.state === 'finishing') this.lose(reason);
  }

  /** Nobody is left to answer, but nobody has to be for an event. */
  finishEvents(reason: HeartwireError, graceMs = this.settings.drainTimeoutMs): void {
    const timer = setTimeout((): void => this.lose(reason), graceMs);
    this.move({ name: 'finishing', timer, reason });
    this.owner.left?.();
    this.exchange.served.cancelCalls?.(reason);
    if (!this.inbound.isDecoding) this.answersAreIn();
  }

  /** All that came is delivered. Where nobody is left to answer, the answers that were not among it never come. */
  answersAreIn(): void {
    const { current: now, exchange } = this;
    if (now.name === 'finishing') this.owner.answersLost(exchange.calls.releaseInFlight(), now.reason);
    this.endIfDrained();
  }

  /** For good. A link that it still has is somebody else's now. */
  finish(reason: HeartwireError): void {
    this.attachment?.monitor.stop();
    this.move({ name: 'ended', reason });
  }

  private lose(reason: HeartwireError): void {
    this.move({ name: 'detached' });
    this.host.lose(reason);
  }

  private drainUntil(
    until: number,
    attachment: Attachment,
    reason: string,
    endsHere: boolean,
    isHeard = false,
  ): void {
    // Who goes away still makes the calls that wait; the other end makes none here any more.
    if (!endsHere) this.exchange.calls.maxInFlight = 0;
    const leftMs = Math.min(Math.max(until - this.clock.now(), 0), LONGEST_DELAY_MS);
    const timer = setTimeout(() => {
      this.exchange.served.failAll(cutOff(reason));
      this.end(connectionClosed(reason));
    }, leftMs);
    this.move({ name: 'draining', attachment, timer, until, endsHere, isHeard });
    this.endIfDrained();
  }

  private part(attachment: Attachment, until: number): void {
    this.linger(attachment, until, LINGER_MS / LOOK_EVERY_MS);
    // Behind the end of streams whose calls are over: it may still wait for room.
    const ping = controlText({ kind: 'ping', timestamp: FAREWELL });
    this.outbox.afterBulk((): void => this.outbox.pushControl(ping));
  }

  /** One that doesn't answer is left. While there is grace, time counts only if it had read all and this end listened. */
  private linger(attachment: Attachment, until: number, looks: number): void {
    const lateAt = this.clock.now() + LOOK_EVERY_MS + LATE_MS;
    const timer = setTimeout(() => {
      const now = this.clock.now();
      const counts = now >= until || (now < lateAt && this.outbox.queuedBytes === 0);
      if (looks > 1 || !counts) this.linger(attachment, until, counts ? looks - 1 : looks);
      else this.end(connectionClosed('all is done'));
    }, LOOK_EVERY_MS);
    this.move({ name: 'parting', attachment, until, timer });
  }

  private resumableUntil(): number | undefined {
    if (!this.handshake.isResumable) return undefined;
    if (this.current.name !== 'ready') return this.suspension?.until;
    // For who has said `error` the session is over.
    const isOver = this.current.attachment.lastWord !== undefined;
    return isOver ? undefined : this.clock.now() + this.settings.resumeWindowMs;
  }

  /** How long events may still run where the link of an end that goes away breaks: at who is left, and at a server. */
  private eventGrace(): number | undefined {
    const { current } = this;
    if (current.name === 'draining' && !current.endsHere) return this.settings.drainTimeoutMs;
    return 'until' in current && this.isAccepting ? current.until - this.clock.now() : undefined;
  }

  private suspend(suspension: Suspension): void {
    const leftMs = Math.max(suspension.until - this.clock.now(), 0);
    const timer = setTimeout((): void => this.lose(suspension.reason), leftMs);
    this.move({ name: 'suspended', suspension, timer });
  }

  isListeningTo(link: Link): boolean {
    return this.isAttachedTo(link) && this.state !== 'ending';
  }

  isAttachedTo(link: Link): boolean {
    return this.attachment?.link === link;
  }

  writable(): void {
    this.outbox.writable();
  }

  peerEnded(): void {
    const { attachment } = this;
    if (attachment === undefined) return;
    const isSimplePeer = this.isAccepting && attachment.hello === undefined;
    // A session waits for a new link. A simple peer that has only finished sending still gets what it is owed.
    if (!isSimplePeer || this.current.name === 'ending' || this.current.name === 'greeting') {
      this.detach(attachment.link, connectionLost(attachment.link.remote));
      return;
    }
    attachment.monitor.stop();
    this.exchange.calls.maxInFlight = 0;
    const until = this.clock.now() + this.settings.drainTimeoutMs;
    this.drainUntil(until, attachment, 'the other end has finished', true, true);
  }

  linkClosed(link: Link, error: HeartwireError | undefined): void {
    this.detach(link, error ?? connectionLost(link.remote));
  }

  private move(next: SessionState): void {
    leave(this.current);
    this.current = next;
  }
}
