import type { Link } from '../link/link.js';
import { controlText } from '../protocol/message-text.js';
import type {
  AckMessage,
  ControlMessage,
  ErrorMessage,
  PingMessage,
  PongMessage,
  StatusMessage,
  StatusResponseMessage,
} from '../protocol/messages.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { Runtime } from '../timing/runtime.js';
import type { Attachment } from './attachment.js';
import { statusResponse } from './connection-facts.js';
import type { Delivery } from './delivery.js';
import type { Handshake } from './handshake.js';
import { Heart, type HeartbeatSettings, type HeartHost } from './heart.js';
import type { Outbox } from './outbox.js';
import { peerError } from './reasons.js';

/** What is said about the connection itself, and never about a call. */
export type UpkeepMessage =
  PingMessage | PongMessage | AckMessage | StatusMessage | StatusResponseMessage | ErrorMessage;

export interface UpkeepHost {
  livenessChanged(link: Link, liveness: Liveness): void;
}

/** Keeps a connection going: heartbeats, acknowledgements, and what either end tells of how it sees it. */
export class Upkeep implements HeartHost {
  /** How the link is, or was at last. */
  liveness: Liveness | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly heartbeat: HeartbeatSettings,
    private readonly outbox: Outbox,
    private readonly delivery: Delivery,
    private readonly handshake: Handshake,
    private readonly host: UpkeepHost,
  ) {}

  /** The link's heart beats from now on, until it is stopped. */
  attachmentTo(link: Link): Attachment {
    const heart = new Heart(link, this.runtime, this.heartbeat, this);
    return { link, heart, openedAt: Date.now(), since: this.runtime.clock.now() };
  }

  sendPing(timestamp: number): void {
    this.say({ kind: 'ping', timestamp, received: this.handshake.tellReceived() });
  }

  livenessChanged(link: Link, liveness: Liveness): void {
    this.liveness = liveness;
    this.outbox.followRoundTrip(liveness.roundTripMs);
    this.host.livenessChanged(link, liveness);
  }

  /** A counted message is here. */
  arrived(frameBytes: number): void {
    if (!this.delivery.arrived(frameBytes)) return;
    this.delivery.acknowledgementSent();
    this.say({ kind: 'ack', received: this.delivery.received });
  }

  /** @throws ProtocolViolation when the other end can't have received what it claims. */
  receive(message: UpkeepMessage, attachment: Attachment, clientId: string): void {
    switch (message.kind) {
      case 'ping':
        this.acknowledge(message.received);
        this.say({ kind: 'pong', timestamp: message.timestamp, received: this.handshake.tellReceived() });
        break;
      case 'pong':
        this.acknowledge(message.received);
        attachment.heart.pong(message.timestamp);
        break;
      case 'ack':
        this.acknowledge(message.received);
        break;
      case 'status':
        this.say(statusResponse(clientId, attachment, this.runtime.clock.now(), this.liveness));
        break;
      case 'error':
        attachment.lastWord = peerError(message);
        break;
      case 'status-response':
        attachment.seenThere = message;
        break;
    }
  }

  say(message: ControlMessage): void {
    this.outbox.pushControl(controlText(message));
  }

  private acknowledge(received: number | undefined): void {
    if (received === undefined) return;
    this.delivery.acknowledge(received);
    // The window may have been full.
    this.outbox.wake();
  }
}
