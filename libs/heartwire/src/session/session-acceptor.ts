import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { HelloMessage } from '../protocol/messages.js';
import { isObject } from '../protocol/wire-members.js';
import type { Clock } from '../timing/clock.js';
import type { Attachment } from './attachment.js';
import type { EarlyMessage, Gate } from './early-message.js';
import { checkVersion, type Handshake } from './handshake.js';
import type { Inbound } from './inbound.js';
import type { Lifecycle } from './lifecycle.js';
import type { Outbox } from './outbox.js';
import type { OutgoingCalls } from './outgoing-calls.js';
import { connectionClosed, notAccepted, notIntroduced } from './reasons.js';
import type { SessionOwner } from './session-owner.js';
import type { SessionSettings } from './session-settings.js';

/** Refusals leave at whole multiples of this after the first word, so that they tell nothing about their reason. */
const REFUSAL_STEP_MS = 1_000;
/** What one may say who isn't let in yet. */
const GREETINGS: ReadonlySet<unknown> = new Set(['hello', 'ping', 'pong', 'heartbeat', 'error']);
/** What a message takes here beside its bytes, at least. */
const MESSAGE_OVERHEAD_BYTES = 256;

/** What came before its sender was let in. */
interface Waiting {
  readonly messages: EarlyMessage[];
  bytes: number;
}

export interface SessionAcceptorHost {
  /** The other end broke the rules, or isn't let in. */
  refuse(error: unknown): void;
  /** Stops what runs, and settles what waits for an answer. */
  lose(reason: HeartwireError): void;
}

/** The parts of a session that its acceptor works with. */
export interface SessionAcceptorParts {
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly handshake: Handshake;
  readonly inbound: Inbound;
  readonly outbox: Outbox;
  readonly calls: OutgoingCalls;
  readonly owner: Pick<SessionOwner, 'ready' | 'resume'>;
  readonly host: SessionAcceptorHost;
}

/**
 * Accepting end: brings those who say hello to their session, new or old. Where the owner wants to know
 * who they are, nothing else is done for them before that (docs/protocol.md, section 4).
 */
export class SessionAcceptor implements Gate {
  /** While the owner is asked: what came behind hello, in order. */
  private waiting: Waiting | undefined;
  private openedAt = 0;
  /** When the other end said something that needs a verdict. */
  private spokeAt: number | undefined;
  private isRefused = false;

  constructor(private readonly session: SessionAcceptorParts) {}

  /** Somebody is here. */
  welcome(attachment: Attachment): void {
    this.session.handshake.sayWelcome();
    if (this.session.settings.authenticate === undefined) {
      this.session.lifecycle.ready(attachment);
      return;
    }
    this.openedAt = this.session.clock.now();
    this.session.inbound.gate = this;
    this.session.lifecycle.greet(attachment, () => {
      this.session.host.refuse(notIntroduced(this.session.settings.handshakeTimeoutMs));
    });
  }

  /** @throws ProtocolViolation when the other end speaks another version. */
  greeted(attachment: Attachment, hello: HelloMessage): void {
    if (this.isRefused) return;
    checkVersion(hello.protocol);
    const { authenticate } = this.session.settings;
    if (authenticate === undefined) {
      this.letIn(attachment, hello, []);
      return;
    }
    const { token, ...rest } = hello;
    // For as long as the connection lives, and longer in what shows it: without the token.
    attachment.hello = rest;
    this.spokeAt = this.session.clock.now();
    const waiting: Waiting = { messages: [], bytes: 0 };
    this.waiting = waiting;
    const isStillHere = (): boolean => this.session.lifecycle.isGreeting(attachment) && !this.isRefused;
    authenticate({ token, name: hello.name })
      .then(
        () => {
          if (!isStillHere()) return;
          this.session.inbound.gate = undefined;
          this.letIn(attachment, rest, waiting.messages);
        },
        (cause: unknown) => {
          if (isStillHere()) this.turnAway(attachment, cause);
        },
      )
      .catch((error: unknown) => this.session.host.refuse(error));
  }

  /** Before the verdict: takes a message that is no greeting. */
  holdsBack(raw: unknown, frameBytes: number): boolean {
    const isGreeting = isObject(raw) && GREETINGS.has(raw.type);
    if (!isGreeting) this.early(raw, frameBytes);
    return !isGreeting;
  }

  private early(raw: unknown, frameBytes: number): void {
    const { waiting } = this;
    const { attachment } = this.session.lifecycle;
    if (this.isRefused || attachment === undefined) return;
    if (waiting === undefined) {
      this.turnAway(attachment, undefined);
      return;
    }
    waiting.bytes += frameBytes + MESSAGE_OVERHEAD_BYTES;
    if (waiting.bytes > this.session.settings.limits.maxFrameBytes) throw tooMuch();
    waiting.messages.push({ raw, frameBytes });
  }

  private letIn(attachment: Attachment, hello: HelloMessage, early: readonly EarlyMessage[]): void {
    const known = hello.resume && this.session.owner.resume(hello.resume);
    if (known === undefined) {
      const { lifecycle } = this.session;
      this.session.handshake.openSession(attachment, hello);
      if (lifecycle.isGreeting(attachment)) lifecycle.ready(attachment);
      this.session.owner.ready(false);
      this.session.inbound.deliver(early, () => lifecycle.isListeningTo(attachment.link));
      return;
    }
    // The session that the other end means takes over the link; this one was only made to greet it.
    const reason = connectionClosed('its session goes on');
    this.session.outbox.detach();
    this.session.calls.stop();
    this.session.lifecycle.finish(reason);
    // Either end may have made calls before the hello: nobody is left to answer them.
    this.session.host.lose(reason);
    known.resumeOn(attachment.link, hello, early);
  }

  /** In the same words and after the same time whatever was wrong. */
  private turnAway(attachment: Attachment, cause: unknown): void {
    this.isRefused = true;
    this.waiting = undefined;
    const now = this.session.clock.now();
    const spentMs = now - (this.spokeAt ?? now);
    const waitMs = REFUSAL_STEP_MS * (Math.floor(spentMs / REFUSAL_STEP_MS) + 1) - spentMs;
    const leftMs = this.openedAt + this.session.settings.handshakeTimeoutMs - now;
    this.session.lifecycle.greetUntil(attachment, Math.max(Math.min(waitMs, leftMs), 0), () => {
      this.session.host.refuse(notAccepted(cause));
    });
  }
}

function tooMuch(): HeartwireError {
  const message = 'too much was sent before the handshake was over';
  return new HeartwireError(ErrorCode.OVERLOADED, message);
}
