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
import { HeartbeatMonitor, type HeartbeatSettings, type HeartbeatMonitorHost } from './heartbeat-monitor.js';
import type { Outbox } from './outbox.js';
import { peerError } from './reasons.js';

/** What is said about the connection itself, and never about a call. */
export type ChannelMessage =
  PingMessage | PongMessage | AckMessage | StatusMessage | StatusResponseMessage | ErrorMessage;

export interface ControlChannelHost {
  livenessChanged(link: Link, liveness: Liveness): void;
}

/** Keeps a connection going: heartbeats, acknowledgements, and what either end tells of how it sees it. */
export class ControlChannel implements HeartbeatMonitorHost {
  /** How the link is, or was at last. */
  liveness: Liveness | undefined;

  private isAckPlanned = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly heartbeat: HeartbeatSettings,
    private readonly outbox: Pick<Outbox, 'pushControl' | 'wake' | 'followRoundTrip'>,
    private readonly delivery: Delivery,
    private readonly handshake: Pick<Handshake, 'tellReceived'>,
    private readonly host: ControlChannelHost,
  ) {}

  /** The link is watched from now on, until its monitor is stopped. */
  attachmentTo(link: Link): Attachment {
    const monitor = new HeartbeatMonitor(link, this.runtime, this.heartbeat, this);
    return { link, monitor, openedAt: Date.now(), since: this.runtime.clock.now() };
  }

  sendPing(timestamp: number): void {
    this.say({ kind: 'ping', timestamp, received: this.handshake.tellReceived() });
  }

  livenessChanged(link: Link, liveness: Liveness): void {
    this.liveness = liveness;
    this.outbox.followRoundTrip(liveness.roundTripMs);
    this.host.livenessChanged(link, liveness);
  }

  /**
   * A counted message is here.
   *
   * @param isBulk it is a part of a stream of bytes: an acknowledgement waits for what else of it is here already
   */
  arrived(frameBytes: number, isBulk: boolean): void {
    if (!this.delivery.arrived(frameBytes)) return;
    if (!isBulk || this.delivery.isAckUrgent) {
      this.tellReceived();
    } else if (!this.isAckPlanned) {
      this.isAckPlanned = true;
      this.runtime.afterInput(this.tellIfDue);
    }
  }

  /** @throws ProtocolViolation when the other end can't have received what it claims. */
  receive(message: ChannelMessage, attachment: Attachment, clientId: string): void {
    switch (message.kind) {
      case 'ping':
        this.acknowledge(message.received);
        this.say({ kind: 'pong', timestamp: message.timestamp, received: this.handshake.tellReceived() });
        break;
      case 'pong':
        this.acknowledge(message.received);
        attachment.monitor.pong(message.timestamp);
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

  private readonly tellIfDue = (): void => {
    this.isAckPlanned = false;
    // It may have been told meanwhile, or the link is gone.
    if (this.delivery.isAckDue) this.tellReceived();
  };

  private tellReceived(): void {
    const received = this.handshake.tellReceived();
    if (received !== undefined) this.say({ kind: 'ack', received });
  }

  private acknowledge(received: number | undefined): void {
    if (received === undefined) return;
    this.delivery.acknowledge(received);
    // The window may have been full.
    this.outbox.wake();
  }
}
