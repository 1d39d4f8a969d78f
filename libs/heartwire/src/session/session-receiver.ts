import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Link, LinkReceiver } from '../link/link.js';
import type { ProtocolViolation } from '../protocol/protocol-violation.js';

/** Who hears what comes over a session's link. */
export interface LinkListener {
  /** Whether this is the session's link, and its last word is not said yet. */
  isListeningTo(link: Link): boolean;
  /** Whether this is the session's link. */
  isAttachedTo(link: Link): boolean;
  readonly inbound: {
    text(text: string, frameBytes: number): void;
    binary(parts: readonly Uint8Array[]): void;
    refuse(violation: ProtocolViolation): void;
  };
  writable(): void;
  peerEnded(): void;
  linkClosed(link: Link, error: HeartwireError | undefined): void;
}

/** Listens to one link. What it says counts only while it is the session's link, and until the last word is said. */
export class SessionReceiver implements LinkReceiver {
  constructor(
    private readonly listener: LinkListener,
    private readonly link: Link,
  ) {}

  text(text: string, frameBytes: number): void {
    if (this.listener.isListeningTo(this.link)) this.listener.inbound.text(text, frameBytes);
  }

  binary(parts: readonly Uint8Array[]): void {
    if (this.listener.isListeningTo(this.link)) this.listener.inbound.binary(parts);
  }

  violated(violation: ProtocolViolation): void {
    if (this.listener.isListeningTo(this.link)) this.listener.inbound.refuse(violation);
  }

  writable(): void {
    if (this.listener.isAttachedTo(this.link)) this.listener.writable();
  }

  peerEnded(): void {
    if (this.listener.isAttachedTo(this.link)) this.listener.peerEnded();
  }

  closed(error?: HeartwireError): void {
    this.listener.linkClosed(this.link, error);
  }
}
