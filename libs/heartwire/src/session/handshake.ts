import type {
  ControlMessage,
  HelloMessage,
  ReadyMessage,
  Resumption,
  WelcomeMessage,
} from '../protocol/messages.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Attachment } from './attachment.js';
import type { Delivery } from './delivery.js';
import type { OutgoingCalls } from './outgoing-calls.js';
import { noToken } from './reasons.js';
import { isSameSecret, newIdentity, type SessionIdentity } from './session-identity.js';
import type { SessionLimits, SessionSettings } from './session-settings.js';

/** The version of docs/protocol.md that this end speaks. */
const PROTOCOL_VERSION = 1;

export interface HandshakeHost {
  /** Sends a message to the other end, before all that waits. */
  say(message: ControlMessage): void;
}

/** The session's own limits, and the largest frame that may be sent: what both ends take, once the other end said so. */
export type PeerLimits = { maxFrameBytes: number } & Omit<SessionLimits, 'maxFrameBytes'>;

/** The limits are shared by all sessions of an end; only what differs is the session's own. */
export function peerLimitsOf(limits: SessionLimits): PeerLimits {
  const { maxFrameBytes } = limits;
  return Object.create(limits, { maxFrameBytes: { value: maxFrameBytes, writable: true } }) as PeerLimits;
}

/**
 * How the two ends come to a session, and what they agreed on: who it is, how large frames may be,
 * how many calls may run, how often the hearts beat (docs/protocol.md, sections 2 and 4).
 */
export class Handshake {
  /** What a new link needs to take the session up again. */
  private identity: SessionIdentity | undefined;
  /** Dialling end: hello asks for that session, and may be answered with another, which counts from zero. */
  private isAsking = false;

  constructor(
    private readonly settings: SessionSettings,
    private readonly peerLimits: PeerLimits,
    private readonly calls: OutgoingCalls,
    private readonly delivery: Delivery,
    private readonly host: HandshakeHost,
  ) {}

  /** The session's name, stable while it is resumed. */
  get session(): string | undefined {
    return this.identity?.session;
  }

  /** Whether a new link could take the session up. */
  get isResumable(): boolean {
    return this.identity !== undefined && this.settings.resumeWindowMs > 0;
  }

  /**
   * Whether who says so may go on with this session, and could have received as much. A hello that was
   * long on its way may tell of less than the other end has acknowledged since: that link is of no use.
   */
  isResumedBy({ secret, received }: Resumption): boolean {
    if (this.identity === undefined || !isSameSecret(this.identity.secret, secret)) return false;
    return this.delivery.couldHaveArrived(received);
  }

  /** The session is gone: the next hello asks for a new one. */
  forget(): void {
    this.identity = undefined;
  }

  /** What has arrived so far, for any message that can carry it; nothing before a session stands on the link. */
  tellReceived(): number | undefined {
    if (this.identity === undefined || this.isAsking) return undefined;
    this.delivery.acknowledgementSent();
    return this.delivery.received;
  }

  /** Accepting end: says first what this server expects. A peer that answers nothing is served as it is. */
  sayWelcome(): void {
    const { clientId, heartbeat, limits } = this.settings;
    this.calls.maxInFlight = limits.runningCallsPerConnection;
    this.host.say({
      kind: 'welcome',
      protocol: PROTOCOL_VERSION,
      clientId,
      heartbeatInterval: heartbeat.intervalMs,
      heartbeatTimeout: heartbeat.timeoutMs,
      maxFrameBytes: limits.maxFrameBytes,
      maxInFlight: limits.runningCallsPerConnection,
      authentication: this.settings.authenticate === undefined ? 'none' : 'token',
    });
  }

  /** Dialling end: asks for a session, or for the one that it has. */
  hello(token?: string): void {
    const { name, heartbeat, limits } = this.settings;
    this.isAsking = true;
    this.host.say({
      kind: 'hello',
      protocol: PROTOCOL_VERSION,
      token,
      name,
      heartbeatInterval: heartbeat.intervalMs,
      heartbeatTimeout: heartbeat.timeoutMs,
      maxFrameBytes: limits.maxFrameBytes,
      maxInFlight: limits.runningCallsPerConnection,
      resume: this.identity && { ...this.identity, received: this.delivery.received },
    });
  }

  /**
   * Dialling end: the other end has said what it expects. One who has a token says hello only now: the token goes to
   * nobody who doesn't ask for it, and not in clear to a port that speaks TLS. Rejects with `HANDSHAKE_FAILED` when
   * there is no token to be had.
   *
   * @throws ProtocolViolation when the other end speaks another version.
   */
  welcomed(
    attachment: Attachment,
    welcome: WelcomeMessage,
    isCurrent: () => boolean,
  ): Promise<void> | undefined {
    checkVersion(welcome.protocol);
    attachment.welcome = welcome;
    this.peerLimits.maxFrameBytes = Math.min(welcome.maxFrameBytes, this.settings.limits.maxFrameBytes);
    const { token } = this.settings;
    return token && this.introduce(welcome.authentication === 'token' ? token : undefined, isCurrent);
  }

  private async introduce(
    ask: (() => string | Promise<string>) | undefined,
    isCurrent: () => boolean,
  ): Promise<void> {
    let token: string | undefined;
    try {
      token = await ask?.();
    } catch (error) {
      throw noToken(error);
    }
    // A page's options are not checked: its function may give nothing.
    if (ask && !token) throw noToken(undefined);
    if (isCurrent()) this.hello(token);
  }

  /** Accepting end: a new session. */
  openSession(attachment: Attachment, hello: HelloMessage): void {
    this.identity = newIdentity(this.settings.clientId);
    this.delivery.begin(this.settings.resumeWindowMs > 0);
    this.agreeWith(attachment, hello);
    this.sayReady(this.identity, false, attachment);
  }

  /** Accepting end: the session goes on. */
  reopen(attachment: Attachment, hello: HelloMessage): void {
    if (this.identity === undefined || hello.resume === undefined) return;
    this.agreeWith(attachment, hello);
    this.delivery.acknowledge(hello.resume.received);
    this.sayReady(this.identity, true, attachment);
  }

  /**
   * Dialling end: the session stands, new or resumed.
   *
   * @throws ProtocolViolation when the other end can't have received what it claims.
   */
  stands({ monitor, welcome }: Attachment, ready: ReadyMessage): void {
    this.isAsking = false;
    monitor.agree(ready.heartbeatInterval, ready.heartbeatTimeout);
    if (ready.resumed) this.delivery.acknowledge(ready.received);
    else this.delivery.begin(this.settings.resumeWindowMs > 0);
    this.identity = { session: ready.session, secret: ready.secret };
    this.calls.maxInFlight = welcome?.maxInFlight ?? this.settings.limits.runningCallsPerConnection;
  }

  private agreeWith(attachment: Attachment, hello: HelloMessage): void {
    attachment.hello = hello;
    const { maxFrameBytes = this.peerLimits.maxFrameBytes } = hello;
    this.peerLimits.maxFrameBytes = Math.min(maxFrameBytes, this.settings.limits.maxFrameBytes);
    this.calls.maxInFlight = hello.maxInFlight ?? this.settings.limits.runningCallsPerConnection;
    attachment.monitor.agree(hello.heartbeatInterval, hello.heartbeatTimeout);
  }

  private sayReady(identity: SessionIdentity, resumed: boolean, { monitor }: Attachment): void {
    this.delivery.acknowledgementSent();
    this.host.say({
      kind: 'ready',
      ...identity,
      resumed,
      received: this.delivery.received,
      heartbeatInterval: monitor.intervalMs,
      heartbeatTimeout: monitor.timeoutMs,
    });
  }
}

/** @throws ProtocolViolation when the other end speaks another version. */
export function checkVersion(protocol: number): void {
  if (protocol === PROTOCOL_VERSION) return;
  const message = `protocol ${String(protocol)} is not spoken here, protocol ${String(PROTOCOL_VERSION)} is`;
  throw new ProtocolViolation('PROTOCOL_ERROR', message);
}

/** @throws ProtocolViolation when a message of the handshake comes where none belongs. */
export function inTurn(message: ControlMessage, isInTurn: boolean): void {
  if (!isInTurn) throw new ProtocolViolation('PROTOCOL_ERROR', `"${message.kind}" is out of turn`);
}
