import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Link, LinkReceiver } from '../link/link.js';
import type { Outgoing } from '../protocol/frame-encoder.js';
import { cancelText, controlText } from '../protocol/message-text.js';
import type { CallId, CallMessage, ControlMessage, GoawayMessage, HelloMessage, ReadyMessage } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Runtime } from '../timing/runtime.js';
import type { Admission } from './admission.js';
import type { Attachment } from './attachment.js';
import type { Codec } from './codec.js';
import { statusResponse } from './connection-facts.js';
import { Delivery } from './delivery.js';
import { checkVersion, Handshake } from './handshake.js';
import { Exchange } from './exchange.js';
import { Heart } from './heart.js';
import { Inbound } from './inbound.js';
import type { OutgoingCall } from './outgoing-call.js';
import type { OutgoingCalls } from './outgoing-calls.js';
import { Outbox } from './outbox.js';
import { connectionClosed, connectionLost, cutOff, handshakeTimedOut, heartbeatTimedOut, peerError, slowConsumer, toRefusal } from './reasons.js';
import type { Dispatch, ServedCalls } from './served-calls.js';
import type { ResumableSession, SessionOwner } from './session-owner.js';
import type { SessionSettings } from './session-settings.js';
import { leave, type SessionState, type Suspension } from './session-state.js';

/** How long the other end has to read the last word and close. */
const LINGER_MS = 1_000;

/**
 * The conversation of two peers. Both ends are the same class: either may call the other. It
 * outlives its link: calls that were not sent wait for the next one, and what was under way goes
 * on over it when both ends still know the session (docs/protocol.md, section 4).
 */
export class Session implements ResumableSession {
  liveness: Liveness | undefined;

  private current: SessionState = { name: 'detached' };
  private readonly exchange: Exchange;
  private readonly outbox: Outbox;
  private readonly delivery: Delivery;
  private inbound: Inbound;
  private readonly handshake: Handshake;

  constructor(
    private readonly settings: SessionSettings,
    private readonly runtime: Runtime,
    admission: Admission,
    dispatch: Dispatch,
    private readonly owner: SessionOwner,
  ) {
    const { sendBufferBytes, deliveryLogBytes } = settings.limits;
    const peerLimits = { ...settings.limits };
    this.exchange = new Exchange(this, runtime.clock, peerLimits, admission, dispatch);
    this.inbound = new Inbound(this, settings.codec, settings.limits.waitingEventBytes);
    this.delivery = new Delivery(deliveryLogBytes);
    this.outbox = new Outbox(runtime.defer, this.exchange.calls, this.delivery, sendBufferBytes, (queuedBytes) => {
      this.abandon(slowConsumer(queuedBytes));
    });
    this.handshake = new Handshake(settings, peerLimits, this.calls, this.delivery, (message) => {
      this.sendControl(message);
    });
  }

  get state(): SessionState['name'] {
    return this.current.name;
  }

  /** The link it has now, with what is known through it. */
  get attachment(): Attachment | undefined {
    return 'attachment' in this.current ? this.current.attachment : undefined;
  }

  /** The calls that this end makes. */
  get calls(): OutgoingCalls {
    return this.exchange.calls;
  }

  /** The calls that run here for the other end. */
  get served(): ServedCalls {
    return this.exchange.served;
  }

  get codec(): Codec | undefined {
    return this.settings.codec;
  }

  /** Names the session; stable while it is resumed. */
  get clientId(): string {
    return this.handshake.session ?? this.attachment?.welcome?.clientId ?? this.settings.clientId;
  }

  /** Whether everything said has arrived: nothing would be sent again. */
  get isDelivered(): boolean {
    return this.delivery.isEmpty;
  }

  /** Begins the conversation on a new link, or goes on with it. */
  attach(link: Link): void {
    const { current } = this;
    if (current.name !== 'detached' && current.name !== 'suspended') {
      throw new Error(`a ${current.name} session takes no link`);
    }
    const attachment = this.attachmentFor(link);
    if (this.settings.role === 'accepting') {
      this.handshake.welcome();
      this.move({ name: 'ready', attachment });
    } else {
      const { handshakeTimeoutMs } = this.settings;
      this.handshake.hello();
      const timer = setTimeout(() => {
        this.detach(link, handshakeTimedOut(link.remote, handshakeTimeoutMs));
      }, handshakeTimeoutMs);
      const suspension = current.name === 'suspended' ? current.suspension : undefined;
      this.move({ name: 'greeting', attachment, timer, suspension });
    }
    link.open(this.receiverFor(link));
  }

  /** Accepting end: whether the session is here to be gone on with, for whoever knows its secret. */
  canBeResumed(secret: string): boolean {
    return (this.state === 'ready' || this.state === 'suspended') && this.handshake.isSecret(secret);
  }

  /** Accepting end: goes on over the link on which the other end has asked for it. */
  resumeOn(link: Link, hello: HelloMessage): void {
    // A session has one link at a time: the other end knows better than we that the old one is dead.
    const old = this.attachment;
    old?.heart.stop();
    this.outbox.detach();
    const attachment = this.attachmentFor(link);
    this.move({ name: 'ready', attachment });
    old?.link.destroy();
    link.open(this.receiverFor(link));
    try {
      this.handshake.reopen(attachment, hello);
    } catch (error) {
      this.refuse(error);
      return;
    }
    this.outbox.replay();
    this.owner.ready(true);
  }

  /**
   * Goes away in order: says so, takes no new calls, lets what runs finish within `graceMs`, then
   * ends the link.
   */
  drain(reason: string, graceMs: number): void {
    const { current } = this;
    this.served.refusal = new HeartwireError(ErrorCode.DRAINING, `this end is going away: ${reason}`, { sent: 'never' });
    if (current.name === 'ready') {
      this.sendControl({ kind: 'goaway', reason, graceMs });
      this.startDraining(current.attachment, reason, graceMs, true);
    } else if (current.name === 'detached' || current.name === 'greeting' || current.name === 'suspended') {
      this.destroy(connectionClosed(reason));
    }
  }

  /** Ends now and for good, whatever runs. Calls that wait stay for the owner to take. */
  destroy(reason: HeartwireError): void {
    // Without a link and a session there is nothing to give up; the owner may be here because it just was.
    if (this.current.name !== 'detached' && this.current.name !== 'ended') this.abandon(reason);
    if (this.state === 'ended') return;
    this.calls.stop();
    this.move({ name: 'ended', reason });
  }

  // What the keepers of calls ask of their session.

  wake(): void {
    this.outbox.wake();
  }

  sendCancel(id: CallId): void {
    this.outbox.pushAnswer(cancelText(id));
  }

  sendAnswer(message: Outgoing): void {
    this.outbox.pushAnswer(message);
  }

  settled(): void {
    const { current } = this;
    if (current.name === 'draining' && current.endsHere && this.exchange.isIdle) {
      this.end(current.attachment, connectionClosed('all is done'));
    }
  }

  retries(call: OutgoingCall, error: HeartwireError): boolean {
    return this.owner.retries(call, error);
  }

  // What the heart asks of its session.

  sendPing(timestamp: number): void {
    this.sendControl({ kind: 'ping', timestamp, received: this.handshake.tellReceived() });
  }

  livenessChanged(liveness: Liveness): void {
    this.liveness = liveness;
    this.owner.livenessChanged(liveness);
    const link = this.attachment?.link;
    if (liveness.state === 'dead' && link !== undefined) this.detach(link, heartbeatTimedOut(link.remote, liveness));
  }

  // What comes in.

  arrived(frameBytes: number): void {
    if (!this.delivery.arrived(frameBytes)) return;
    this.delivery.acknowledgementSent();
    this.sendControl({ kind: 'ack', received: this.delivery.received });
  }

  receiveCall(message: CallMessage, frameBytes: number): void {
    this.exchange.receive(message, frameBytes);
  }

  receiveControl(message: ControlMessage): void {
    const { attachment, current } = this;
    if (attachment === undefined) return;
    switch (message.kind) {
      case 'ping':
        this.acknowledge(message.received);
        this.sendControl({ kind: 'pong', timestamp: message.timestamp, received: this.handshake.tellReceived() });
        break;
      case 'pong':
        this.acknowledge(message.received);
        attachment.heart.pong(message.timestamp);
        break;
      case 'ack':
        this.acknowledge(message.received);
        break;
      case 'welcome':
        inTurn(message, current.name === 'greeting' && attachment.welcome === undefined);
        this.handshake.welcomed(attachment, message);
        break;
      case 'hello':
        inTurn(message, this.settings.role === 'accepting' && attachment.hello === undefined);
        checkVersion(message.protocol);
        this.greeted(attachment, message);
        break;
      case 'ready':
        if (current.name !== 'greeting') throw outOfTurn(message);
        this.becomeReady(attachment, message, current.suspension);
        break;
      case 'goaway':
        if (current.name === 'ready') this.peerGoesAway(attachment, message);
        break;
      case 'error':
        attachment.lastWord = peerError(message);
        break;
      case 'status':
        this.sendControl(statusResponse(this.clientId, attachment, this.runtime.clock.now(), this.liveness));
        break;
      case 'status-response':
        break;
    }
  }

  /** The other end broke the rules or a limit: it is told so once, and the link ends. */
  refuse(error: unknown): void {
    const { attachment } = this;
    if (attachment === undefined || this.current.name === 'ending') return;
    const refusal = toRefusal(error);
    this.owner.refused(refusal);
    this.sendControl({ kind: 'error', code: refusal.code, message: refusal.message });
    this.end(attachment, refusal);
  }

  /** Accepting end: the other end wants a session, new or old. */
  private greeted(attachment: Attachment, hello: HelloMessage): void {
    const known = hello.resume && this.owner.resume(hello.resume);
    if (known === undefined) this.handshake.open(attachment, hello);
    else this.giveLinkTo(known, attachment, hello);
  }

  /** The session that the other end means takes over the link; this one was only its doorman. */
  private giveLinkTo(known: ResumableSession, { link, heart }: Attachment, hello: HelloMessage): void {
    heart.stop();
    this.outbox.detach();
    this.calls.stop();
    this.move({ name: 'ended', reason: connectionClosed('its session goes on') });
    known.resumeOn(link, hello);
  }

  /** Dialling end: the session stands. */
  private becomeReady(attachment: Attachment, ready: ReadyMessage, suspension: Suspension | undefined): void {
    inTurn(ready, !ready.resumed || suspension !== undefined);
    // Before the first call of a new session, what the old one left is settled.
    if (!ready.resumed && suspension !== undefined) this.lose(suspension.reason);
    this.handshake.stands(attachment, ready);
    this.move({ name: 'ready', attachment });
    if (ready.resumed) this.outbox.replay();
    this.owner.ready(ready.resumed);
    this.outbox.wake();
  }

  private peerGoesAway(attachment: Attachment, { reason, graceMs }: GoawayMessage): void {
    this.calls.maxInFlight = 0;
    this.startDraining(attachment, reason, graceMs + LINGER_MS, false);
    this.owner.goaway(reason, graceMs);
  }

  private acknowledge(received: number | undefined): void {
    if (received === undefined) return;
    this.delivery.acknowledge(received);
    // The window may have been full.
    this.outbox.wake();
  }

  private sendControl(message: ControlMessage): void {
    this.outbox.pushControl(controlText(message));
  }

  private startDraining(attachment: Attachment, reason: string, graceMs: number, endsHere: boolean): void {
    const timer = setTimeout(() => {
      this.served.failAll(cutOff(reason));
      this.end(attachment, connectionClosed(reason));
    }, graceMs);
    this.move({ name: 'draining', attachment, timer, endsHere });
    this.settled();
  }

  /** Sends what is queued, ends the link, and waits a moment for the other end to do the same. */
  private end(attachment: Attachment, reason: HeartwireError): void {
    attachment.heart.stop();
    this.calls.maxInFlight = 0;
    const timer = setTimeout(() => {
      this.detach(attachment.link, reason);
    }, LINGER_MS);
    this.move({ name: 'ending', attachment, timer, reason });
    this.served.cancelAll(reason);
    this.outbox.end();
  }

  /** The link is gone, or is given up now. A session that both ends may know waits for a new one. */
  private detach(link: Link, reason: HeartwireError): void {
    const { attachment, current } = this;
    if (attachment?.link !== link) return;
    const because = current.name === 'ending' ? current.reason : (attachment.lastWord ?? reason);
    const until = this.resumableUntil();
    attachment.heart.stop();
    this.calls.maxInFlight = 0;
    this.outbox.detach();
    if (until === undefined) this.move({ name: 'detached' });
    else this.suspend({ until, reason: because });
    link.destroy();
    this.owner.linkLost(because, until !== undefined);
    if (until === undefined) this.lose(because);
  }

  private resumableUntil(): number | undefined {
    const { current } = this;
    if (!this.handshake.isResumable) return undefined;
    if (current.name === 'ready') return this.runtime.clock.now() + this.settings.resumeWindowMs;
    return current.name === 'greeting' ? current.suspension?.until : undefined;
  }

  private suspend(suspension: Suspension): void {
    const leftMs = suspension.until - this.runtime.clock.now();
    const timer = setTimeout(() => {
      this.move({ name: 'detached' });
      this.lose(suspension.reason);
    }, Math.max(leftMs, 0));
    this.move({ name: 'suspended', suspension, timer });
  }

  /** Gives up the link and the session with it. */
  private abandon(reason: HeartwireError): void {
    this.handshake.forget();
    const { attachment } = this;
    if (attachment !== undefined) {
      this.detach(attachment.link, reason);
      return;
    }
    if (this.current.name === 'suspended') this.move({ name: 'detached' });
    this.lose(reason);
  }

  /** The session is gone for good: nothing of it runs on, and its calls are the owner's to settle. */
  private lose(reason: HeartwireError): void {
    this.handshake.forget();
    this.inbound.stop();
    this.inbound = new Inbound(this, this.settings.codec, this.settings.limits.waitingEventBytes);
    this.delivery.stop();
    this.outbox.clear();
    this.served.cancelAll(reason);
    this.owner.sessionLost(reason, this.calls.releaseInFlight());
  }

  private peerEnded(attachment: Attachment): void {
    // A session waits for a new link. A simple peer that has only finished sending still gets what it is owed.
    if (attachment.hello !== undefined || this.settings.role === 'dialling' || this.current.name === 'ending') {
      this.detach(attachment.link, connectionLost(attachment.link.remote));
      return;
    }
    attachment.heart.stop();
    this.calls.maxInFlight = 0;
    this.startDraining(attachment, 'the other end has finished', this.settings.drainTimeoutMs, true);
  }

  private attachmentFor(link: Link): Attachment {
    this.outbox.attach(link);
    return { link, heart: new Heart(link, this.runtime, this.settings.heartbeat, this), openedAt: new Date() };
  }

  private move(next: SessionState): void {
    leave(this.current);
    this.current = next;
  }

  private receiverFor(link: Link): LinkReceiver {
    const isCurrent = (): boolean => this.attachment?.link === link;
    const isListening = (): boolean => isCurrent() && this.current.name !== 'ending';
    return {
      text: (text, frameBytes) => {
        if (isListening()) this.inbound.text(text, frameBytes);
      },
      binary: (envelope) => {
        if (isListening()) this.inbound.binary(envelope);
      },
      violated: (violation) => {
        if (isListening()) this.refuse(violation);
      },
      writable: () => {
        if (isCurrent()) this.outbox.writable();
      },
      peerEnded: () => {
        const { attachment } = this;
        if (attachment?.link === link) this.peerEnded(attachment);
      },
      closed: (error) => {
        this.detach(link, error ?? connectionLost(link.remote));
      },
    };
  }
}

function outOfTurn(message: ControlMessage): ProtocolViolation {
  return new ProtocolViolation('PROTOCOL_ERROR', `"${message.kind}" is out of turn`);
}

function inTurn(message: ControlMessage, isInTurn: boolean): void {
  if (!isInTurn) throw outOfTurn(message);
}
