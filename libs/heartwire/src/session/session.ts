import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { fromWireError } from '../errors/wire-error.js';
import type { Link, LinkReceiver } from '../link/link.js';
import type { Outgoing } from '../protocol/frame-encoder.js';
import { cancelText, controlText } from '../protocol/message-text.js';
import type { CallId, ControlMessage, GoawayMessage, Message } from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Liveness } from '../timing/liveness.js';
import type { Runtime } from '../timing/runtime.js';
import type { Admission } from './admission.js';
import type { Attachment } from './attachment.js';
import type { Codec } from './codec.js';
import { statusResponse } from './connection-facts.js';
import { checkVersion, helloMessage, readyMessage, welcomeMessage } from './handshake.js';
import { Heart } from './heart.js';
import { Inbound } from './inbound.js';
import type { OutgoingCall } from './outgoing-call.js';
import { OutgoingCalls } from './outgoing-calls.js';
import { Outbox } from './outbox.js';
import { connectionClosed, connectionLost, handshakeTimedOut, heartbeatTimedOut, peerError, toRefusal } from './reasons.js';
import { type Dispatch, ServedCalls } from './served-calls.js';
import type { SessionSettings } from './session-settings.js';
import { leave, type SessionState } from './session-state.js';

/** How long the other end has to read the last word and close. */
const LINGER_MS = 1_000;

/** Who owns a session decides what follows from what happens to it. */
export interface SessionOwner {
  /** Calls can be sent now. */
  ready(): void;
  /** The link is gone, and these calls were in flight on it: the owner settles them. */
  linkLost(reason: HeartwireError, inFlight: readonly OutgoingCall[]): void;
  /** The other end is going away and takes no new calls. */
  goaway(reason: string, graceMs: number): void;
  /** `true` when the owner will send the failed call again, instead of letting it fail. */
  retries(call: OutgoingCall, error: HeartwireError): boolean;
  livenessChanged(liveness: Liveness): void;
  /** The other end broke the rules or a limit: one line for the log. */
  refused(error: HeartwireError): void;
}

/**
 * The conversation of two peers. Both ends are the same class: either may call the other. It
 * outlives its link: calls that were not sent yet wait for the next one.
 */
export class Session {
  readonly calls: OutgoingCalls;
  readonly served: ServedCalls;
  liveness: Liveness | undefined;

  private current: SessionState = { name: 'detached' };
  private readonly outbox: Outbox;
  /** `maxFrameBytes` is lowered to what the other end takes. */
  private readonly peerLimits: { maxFrameBytes: number } & Omit<SessionSettings['limits'], 'maxFrameBytes'>;
  private readonly inbound: Inbound;

  constructor(
    private readonly settings: SessionSettings,
    private readonly runtime: Runtime,
    admission: Admission,
    dispatch: Dispatch,
    private readonly owner: SessionOwner,
  ) {
    this.peerLimits = { ...settings.limits };
    this.calls = new OutgoingCalls(this, runtime.clock, this.peerLimits);
    this.served = new ServedCalls(this, runtime.clock, this.peerLimits, admission, dispatch);
    this.inbound = new Inbound(this, settings.codec);
    this.outbox = new Outbox(runtime.defer, this.calls, settings.limits.sendBufferBytes, (queuedBytes) => {
      const message = `${String(queuedBytes)} bytes wait for the other end to read them`;
      this.detach(this.attachment?.link, new HeartwireError(ErrorCode.SLOW_CONSUMER, message, { sent: 'maybe' }));
    });
  }

  get state(): SessionState['name'] {
    return this.current.name;
  }

  /** The link it has now, with what is known through it. */
  get attachment(): Attachment | undefined {
    return 'attachment' in this.current ? this.current.attachment : undefined;
  }

  get codec(): Codec | undefined {
    return this.settings.codec;
  }

  get clientId(): string {
    return this.attachment?.welcome?.clientId ?? this.settings.clientId;
  }

  /** Begins the conversation on a new link. */
  attach(link: Link): void {
    if (this.current.name !== 'detached') throw new Error(`a ${this.current.name} session takes no link`);
    this.outbox.attach(link);
    const attachment = { link, heart: new Heart(link, this.runtime, this.settings.heartbeat, this), openedAt: new Date() };
    if (this.settings.role === 'accepting') {
      this.calls.maxInFlight = this.settings.limits.runningCallsPerConnection;
      this.sendControl(welcomeMessage(this.settings));
      this.move({ name: 'ready', attachment });
    } else {
      this.sendControl(helloMessage(this.settings));
      const { handshakeTimeoutMs } = this.settings;
      const timer = setTimeout(() => {
        this.detach(link, handshakeTimedOut(link.remote, handshakeTimeoutMs));
      }, handshakeTimeoutMs);
      this.move({ name: 'greeting', attachment, timer });
    }
    link.open(this.receiverFor(link));
  }

  /**
   * Goes away in order: says so, takes no new calls, lets what runs finish within `graceMs`, then
   * ends the link.
   */
  drain(reason: string, graceMs: number): void {
    const { current } = this;
    this.served.refusal = new HeartwireError(ErrorCode.DRAINING, `this end is going away: ${reason}`, { sent: 'never' });
    if (current.name === 'detached' || current.name === 'greeting') {
      this.destroy(connectionClosed(reason));
    } else if (current.name === 'ready') {
      this.sendControl({ kind: 'goaway', reason, graceMs });
      this.startDraining(current.attachment, reason, graceMs);
    }
  }

  /** Ends now and for good, whatever runs. Calls that wait stay for the owner to take. */
  destroy(reason: HeartwireError): void {
    if (this.current.name === 'ended') return;
    this.detach(this.attachment?.link, reason);
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
    if (this.current.name === 'draining' && this.isIdle) this.end(this.current.attachment, connectionClosed('drained'));
  }

  // What the heart asks of its session.

  sendPing(timestamp: number): void {
    this.sendControl({ kind: 'ping', timestamp });
  }

  livenessChanged(liveness: Liveness): void {
    this.liveness = liveness;
    this.owner.livenessChanged(liveness);
    const link = this.attachment?.link;
    if (liveness.state === 'dead' && link !== undefined) this.detach(link, heartbeatTimedOut(link.remote, liveness));
  }

  // What comes in.

  receive(message: Message, frameBytes: number): void {
    switch (message.kind) {
      case 'response':
        this.calls.response(message.id, message.response, message.isDisposed);
        break;
      case 'request':
        this.served.request(message, message.id);
        break;
      case 'event':
        if (message.id === undefined) this.served.event(message, frameBytes);
        else this.served.request(message, message.id);
        break;
      case 'end':
        this.calls.end(message.id);
        break;
      case 'failure':
        this.callFailed(message.id, message.err);
        break;
      case 'cancel':
        this.served.cancel(message.id);
        break;
      case 'chunk':
      case 'chunk-end':
      case 'credit':
        // Streams of the caller are not part of this version: none can be open, so it is a late or idle word.
        break;
      default:
        this.receiveControl(message);
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

  private receiveControl(message: ControlMessage): void {
    const { attachment } = this;
    if (attachment === undefined) return;
    switch (message.kind) {
      case 'ping':
        this.sendControl({ kind: 'pong', timestamp: message.timestamp });
        break;
      case 'pong':
        attachment.heart.pong(message.timestamp);
        break;
      case 'welcome':
        this.inTurn(message, this.current.name === 'greeting' && attachment.welcome === undefined);
        checkVersion(message.protocol);
        attachment.welcome = message;
        this.peerLimits.maxFrameBytes = message.maxFrameBytes;
        break;
      case 'hello':
        this.inTurn(message, this.settings.role === 'accepting' && attachment.hello === undefined);
        checkVersion(message.protocol);
        attachment.hello = message;
        this.peerLimits.maxFrameBytes = message.maxFrameBytes ?? this.peerLimits.maxFrameBytes;
        this.calls.maxInFlight = message.maxInFlight ?? this.calls.maxInFlight;
        attachment.heart.agree(message.heartbeatInterval, message.heartbeatTimeout);
        this.sendControl(readyMessage(this.settings, attachment.heart));
        break;
      case 'ready':
        this.inTurn(message, this.current.name === 'greeting');
        attachment.heart.agree(message.heartbeatInterval, message.heartbeatTimeout);
        this.move({ name: 'ready', attachment });
        this.calls.maxInFlight = attachment.welcome?.maxInFlight ?? this.settings.limits.runningCallsPerConnection;
        this.owner.ready();
        this.outbox.wake();
        break;
      case 'goaway':
        this.peerGoesAway(attachment, message);
        break;
      case 'error':
        attachment.lastWord = peerError(message);
        break;
      case 'status':
        this.sendControl(statusResponse(this.clientId, attachment, this.runtime.clock.now(), this.liveness));
        break;
      case 'ack':
      case 'status-response':
        break;
    }
  }

  private peerGoesAway(attachment: Attachment, { reason, graceMs }: GoawayMessage): void {
    if (this.current.name !== 'ready') return;
    this.calls.maxInFlight = 0;
    this.startDraining(attachment, reason, graceMs + LINGER_MS);
    this.owner.goaway(reason, graceMs);
  }

  private callFailed(id: CallId, err: unknown): void {
    const call = this.calls.failed(id);
    if (call === undefined) return;
    const error = fromWireError(err);
    if (error instanceof HeartwireError && this.owner.retries(call, error)) return;
    call.observer.error(error);
  }

  private inTurn(message: ControlMessage, isInTurn: boolean): void {
    if (!isInTurn) throw new ProtocolViolation('PROTOCOL_ERROR', `"${message.kind}" is out of turn`);
  }

  private sendControl(message: ControlMessage): void {
    this.outbox.pushControl(controlText(message));
  }

  private get isIdle(): boolean {
    return this.served.isIdle && this.calls.isIdle;
  }

  private startDraining(attachment: Attachment, reason: string, graceMs: number): void {
    const timer = setTimeout(() => {
      this.served.failAll(connectionClosed(reason));
      this.end(attachment, connectionClosed(reason));
    }, graceMs);
    this.move({ name: 'draining', attachment, timer });
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

  /** The link is gone, or is given up now. */
  private detach(link: Link | undefined, reason: HeartwireError): void {
    const { attachment } = this;
    if (attachment === undefined || attachment.link !== link) return;
    const because = this.current.name === 'ending' ? this.current.reason : (attachment.lastWord ?? reason);
    attachment.heart.stop();
    this.calls.maxInFlight = 0;
    this.outbox.detach();
    this.move({ name: 'detached' });
    link.destroy();
    this.served.cancelAll(because);
    this.owner.linkLost(because, this.calls.releaseInFlight());
  }

  private peerEnded(attachment: Attachment): void {
    // The dialling end gets no answers any more; the accepting end still gives those that it owes.
    if (this.settings.role === 'dialling' || this.current.name === 'ending') {
      this.detach(attachment.link, connectionLost(attachment.link.remote));
      return;
    }
    attachment.heart.stop();
    this.calls.maxInFlight = 0;
    this.startDraining(attachment, 'the other end has finished', this.settings.drainTimeoutMs);
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
