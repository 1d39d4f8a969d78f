import type { Outgoing } from '../protocol/outgoing.js';
import { DeliveryLog } from './delivery-log.js';

/** An acknowledgement is due after so many counted messages, or so many bytes of them. */
const ACK_AFTER_MESSAGES = 256;
const ACK_AFTER_BYTES = 65_536;
/** One that is due may wait for more of a stream that is here already, but not for more bytes than this. */
const ACK_AT_LATEST_BYTES = 196_608;

/**
 * Counts what a session has received and keeps what it has sent, so that a new link goes on
 * exactly where the old one broke (docs/protocol.md, section 4). Off for peers that said no
 * hello: to them a message that was handed over is forgotten.
 */
export class Delivery {
  /** Counted messages received so far in this session. */
  received = 0;

  private readonly log: DeliveryLog;
  private isCounting = false;
  private isKeeping = false;
  private messagesSinceAck = 0;
  private bytesSinceAck = 0;

  constructor(windowBytes: number) {
    this.log = new DeliveryLog(windowBytes);
  }

  /** Whether nothing counted may be handed over before the other end acknowledges. */
  get isWindowFull(): boolean {
    return this.log.isFull;
  }

  /** What is on its way, as far as it is known; 0 for peers that acknowledge nothing. */
  get unacknowledgedBytes(): number {
    return this.log.unacknowledgedBytes;
  }

  /** Both ends begin to count: a new session. An end that won't resume it keeps nothing. */
  begin(keeps: boolean): void {
    this.log.reset();
    this.received = 0;
    this.acknowledgementSent();
    this.isCounting = true;
    this.isKeeping = keeps;
  }

  /** Nothing is kept or counted any more. */
  stop(): void {
    this.log.reset();
    this.isCounting = false;
    this.isKeeping = false;
  }

  handedOver(message: Outgoing): void {
    if (this.isKeeping) this.log.append(message);
  }

  /** Counts a message of the other end. `true` when an acknowledgement is due. */
  arrived(bytes: number): boolean {
    if (!this.isCounting) return false;
    this.received += 1;
    this.messagesSinceAck += 1;
    this.bytesSinceAck += bytes;
    return this.isAckDue;
  }

  get isAckDue(): boolean {
    return this.messagesSinceAck >= ACK_AFTER_MESSAGES || this.bytesSinceAck >= ACK_AFTER_BYTES;
  }

  /** Whether one that is due must not wait any longer. */
  get isAckUrgent(): boolean {
    return this.messagesSinceAck >= ACK_AFTER_MESSAGES || this.bytesSinceAck >= ACK_AT_LATEST_BYTES;
  }

  /** `received` has just been told to the other end. */
  acknowledgementSent(): void {
    this.messagesSinceAck = 0;
    this.bytesSinceAck = 0;
  }

  /** Whether the other end may have received so many, by what it was sent and has said before. */
  couldHaveArrived(received: number): boolean {
    return this.log.couldHaveArrived(received);
  }

  /**
   * The other end has received so many.
   *
   * @throws ProtocolViolation when it can't have.
   */
  acknowledge(received: number): void {
    if (this.isKeeping) this.log.acknowledge(received);
  }

  /** What must be sent again on a new link, in order. */
  unacknowledged(): readonly Outgoing[] {
    return this.log.unacknowledged();
  }
}
