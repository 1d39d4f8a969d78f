import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Link } from '../link/link.js';
import type {
  CallMessage,
  ControlMessage,
  HelloMessage,
  ReadyMessage,
  Resumption,
} from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Runtime } from '../timing/runtime.js';
import type { Attachment } from './attachment.js';
import type { Codec } from './codec.js';
import { ControlChannel, type ControlChannelHost } from './control-channel.js';
import { Delivery } from './delivery.js';
import type { EarlyMessage } from './early-message.js';
import { Exchange } from './exchange.js';
import { Handshake, type HandshakeHost, inTurn, peerLimitsOf } from './handshake.js';
import { Inbound } from './inbound.js';
import { Lifecycle, type LifecycleHost } from './lifecycle.js';
import { Outbox, type OutboxHost } from './outbox.js';
import type { OutgoingCall } from './outgoing-call.js';
import type { OutgoingCalls } from './outgoing-calls.js';
import { connectionClosed, heartbeatTimedOut, slowConsumer, toRefusal } from './reasons.js';
import type { Serve, Served } from './served.js';
import type { SessionAcceptor, SessionAcceptorHost, SessionAcceptorParts } from './session-acceptor.js';
import type { ResumableSession, SessionOwner } from './session-owner.js';
import type { SessionSettings } from './session-settings.js';
import type { SessionState } from './session-state.js';

/**
 * The conversation of two peers. Both ends are the same class: either may call the other. It
 * outlives its link: calls that were not sent wait for the next one, and what was under way goes
 * on over it when both ends still know the session (docs/protocol.md, section 4).
 */
export class Session
  implements
    ResumableSession,
    LifecycleHost,
    HandshakeHost,
    OutboxHost,
    SessionAcceptorHost,
    ControlChannelHost
{
  private readonly lifecycle: Lifecycle;
  /** The calls of both directions, and what is pushed. */
  readonly exchange: Exchange;
  readonly outbox: Outbox;
  readonly codec: Codec | undefined;
  private readonly delivery: Delivery;
  readonly inbound: Inbound;
  private readonly handshake: Handshake;
  private readonly control: ControlChannel;
  private readonly acceptor: SessionAcceptor | undefined;

  /**
   * @param serve makes the one who serves the other end's calls
   * @param receive accepting end: makes the one who receives the other end; without it this end dials
   */
  constructor(
    private readonly settings: SessionSettings,
    runtime: Runtime,
    serve: Serve,
    private readonly owner: SessionOwner,
    receive?: (parts: SessionAcceptorParts) => SessionAcceptor,
  ) {
    const { codec, limits, sharedSendBuffer: shared } = settings;
    this.codec = codec;
    const peerLimits = peerLimitsOf(limits);
    this.exchange = new Exchange(this, runtime.clock, peerLimits, serve);
    this.inbound = new Inbound(this, codec, limits.waitingEventBytes, owner);
    this.delivery = new Delivery(limits.deliveryLogBytes);
    const { calls } = this.exchange;
    this.outbox = new Outbox(runtime.defer, calls, this.delivery, limits.sendBufferBytes, this, shared);
    this.handshake = new Handshake(settings, peerLimits, calls, this.delivery, this);
    const { delivery, handshake, inbound, outbox } = this;
    this.lifecycle = new Lifecycle(
      settings,
      runtime.clock,
      this.exchange,
      inbound,
      outbox,
      handshake,
      receive !== undefined,
      owner,
      this,
    );
    const { lifecycle } = this;
    const { clock } = runtime;
    const parts = { settings, clock, lifecycle, handshake, inbound, outbox, calls, owner, host: this };
    this.acceptor = receive?.(parts);
    this.control = new ControlChannel(runtime, settings.heartbeat, outbox, delivery, handshake, this);
  }

  get state(): SessionState['name'] {
    return this.lifecycle.state;
  }

  /** The link it has now, with what is known through it. */
  get attachment(): Attachment | undefined {
    return this.lifecycle.attachment;
  }

  /** How its link is, or was at last. */
  get liveness(): Liveness | undefined {
    return this.control.liveness;
  }

  /** The calls that this end makes. */
  get calls(): OutgoingCalls {
    return this.exchange.calls;
  }

  /** The calls that run here for the other end. */
  get served(): Served {
    return this.exchange.served;
  }

  /** A peer that has a session grants credit; a simple one takes what comes. */
  get grantsCredit(): boolean {
    return this.handshake.session !== undefined;
  }

  /** Names the session; stable while it is resumed. */
  get clientId(): string {
    return this.handshake.session ?? this.attachment?.welcome?.clientId ?? this.settings.clientId;
  }

  /** Begins the conversation on a new link, or goes on with it. */
  attach(link: Link): void {
    if (this.state !== 'detached' && this.state !== 'suspended') {
      throw new Error(`no link while ${this.state}`);
    }
    const attachment = this.attachmentFor(link);
    if (this.acceptor !== undefined) {
      this.acceptor.welcome(attachment);
    } else {
      if (this.settings.token === undefined) this.handshake.hello();
      this.lifecycle.greet(attachment);
    }
  }

  /** Accepting end: whether the session is here to be gone on with, for whoever knows its secret. */
  canBeResumed(resumption: Resumption): boolean {
    return (this.state === 'ready' || this.state === 'suspended') && this.handshake.isResumedBy(resumption);
  }

  /** Accepting end: goes on over the link on which the other end has asked for it. */
  resumeOn(link: Link, hello: HelloMessage, early: readonly EarlyMessage[]): void {
    this.outbox.detach();
    const attachment = this.attachmentFor(link);
    this.handshake.reopen(attachment, hello);
    this.outbox.replay();
    this.lifecycle.ready(attachment);
    this.owner.ready(true);
    this.inbound.deliver(early, () => this.lifecycle.isListeningTo(link));
  }

  /**
   * Goes away in order: says so, takes no new calls, lets what runs finish within `graceMs`, then
   * ends the link.
   */
  drain(reason: string, graceMs: number): void {
    const { attachment, state } = this;
    this.served.refuseNew(reason);
    if (state === 'finishing') return;
    if (state === 'suspended' && this.acceptor !== undefined) {
      this.lifecycle.finishEvents(connectionClosed(reason));
    } else if (attachment === undefined || state === 'greeting') {
      this.destroy(connectionClosed(reason));
    } else if (state === 'ready' || state === 'draining') {
      this.say({ kind: 'goaway', reason, graceMs });
      this.lifecycle.drain(attachment, reason, graceMs);
    }
  }

  /** Ends now and for good, whatever runs. Calls that wait stay for the owner to take. */
  destroy(reason: HeartwireError): void {
    // Without a link and a session there is nothing to give up; the owner may be here because it just was.
    if (this.state !== 'detached' && this.state !== 'ended') this.abandon(reason);
    if (this.state === 'ended') return;
    this.calls.stop();
    this.lifecycle.finish(reason);
  }

  wake(): void {
    this.outbox.wake();
  }

  say(message: ControlMessage): void {
    this.control.say(message);
  }

  overflowed(): void {
    this.abandon(slowConsumer(this.outbox.queuedBytes));
  }

  livenessChanged(link: Link, liveness: Liveness): void {
    this.owner.livenessChanged(liveness);
    if (liveness.state === 'dead') this.lifecycle.detach(link, heartbeatTimedOut(link.remote, liveness));
  }

  sendAnswer(message: Outgoing): void {
    this.outbox.pushAnswer(message);
  }

  settled(): void {
    this.lifecycle.endIfDrained();
  }

  allDecoded(): void {
    this.lifecycle.answersAreIn();
  }

  retries(call: OutgoingCall, error: HeartwireError): boolean {
    return this.owner.retries(call, error);
  }

  /** Nothing of the session runs on, and its calls are the owner's to settle. */
  lose(reason: HeartwireError): void {
    this.handshake.forget();
    this.inbound.restart();
    this.delivery.stop();
    this.outbox.clear();
    this.served.cancelAll(reason);
    this.owner.answersLost(this.calls.releaseInFlight(), reason);
    this.owner.sessionLost(reason);
  }

  arrived(frameBytes: number, isBulk: boolean): void {
    this.control.arrived(frameBytes, isBulk);
  }

  receiveCall(message: CallMessage, frameBytes: number): void {
    this.exchange.receive(message, frameBytes);
  }

  receiveControl(message: ControlMessage): void {
    const { attachment, state } = this;
    if (attachment === undefined) return;
    switch (message.kind) {
      case 'welcome':
        inTurn(message, state === 'greeting' && attachment.welcome === undefined);
        this.handshake
          .welcomed(attachment, message, () => this.lifecycle.isGreeting(attachment))
          ?.catch((error: unknown) => this.lifecycle.detach(attachment.link, toRefusal(error)));
        break;
      case 'hello':
        inTurn(message, this.acceptor !== undefined && attachment.hello === undefined);
        this.acceptor?.greeted(attachment, message);
        break;
      case 'ready':
        inTurn(message, state === 'greeting');
        this.becomeReady(attachment, message);
        break;
      case 'goaway':
        if (this.lifecycle.peerGoesAway(attachment, message)) this.owner.goaway(message.reason);
        break;
      default:
        this.control.receive(message, attachment, this.clientId);
        if (message.kind === 'pong') this.lifecycle.heard(message.timestamp);
    }
  }

  /** The other end broke the rules or a limit: it is told so once, and the link ends. */
  refuse(error: unknown): void {
    if ((this.attachment ?? this.lifecycle.suspension) === undefined || this.state === 'ending') return;
    const refusal = toRefusal(error);
    this.owner.refused(refusal);
    this.say({ kind: 'error', code: refusal.code, message: refusal.message });
    this.lifecycle.end(refusal);
  }

  /** Dialling end: the session stands. */
  private becomeReady(attachment: Attachment, ready: ReadyMessage): void {
    const { suspension } = this.lifecycle;
    inTurn(ready, !ready.resumed || suspension !== undefined);
    // Before the first call of a new session, what the old one left is settled.
    if (!ready.resumed && suspension !== undefined) this.lose(suspension.reason);
    // Who heard of it may have ended this session, too.
    if (!this.lifecycle.isGreeting(attachment)) return;
    this.handshake.stands(attachment, ready);
    if (ready.resumed) this.outbox.replay();
    this.lifecycle.ready(attachment);
    this.owner.ready(ready.resumed);
    this.outbox.wake();
  }

  /** Gives up the link and the session with it. */
  private abandon(reason: HeartwireError): void {
    this.handshake.forget();
    this.lifecycle.abandon(reason);
  }

  private attachmentFor(link: Link): Attachment {
    this.outbox.attach(link);
    return this.control.attachmentTo(link);
  }
}
