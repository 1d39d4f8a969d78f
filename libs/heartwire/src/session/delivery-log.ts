import type { Outgoing } from '../protocol/frame-encoder.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { sizeOf } from './message-size.js';

/** Entries let go of in bulk, so that each costs the same however long the log is. */
const COMPACT_AT = 1_024;

/**
 * The counted messages that were handed to a link and are not known to have arrived. After a
 * broken link they are sent again, exactly from where the other end's count stands
 * (docs/protocol.md, section 4). Its bound is the send window: at the bound nothing counted is
 * handed over until the other end acknowledges.
 */
export class DeliveryLog {
  private entries: Outgoing[] = [];
  private head = 0;
  private bytes = 0;
  private acknowledged = 0;

  constructor(private readonly maxBytes: number) {}

  /** Counted messages handed over so far. */
  get sent(): number {
    return this.acknowledged + this.entries.length - this.head;
  }

  get isFull(): boolean {
    return this.bytes >= this.maxBytes;
  }

  get isEmpty(): boolean {
    return this.head === this.entries.length;
  }

  append(message: Outgoing): void {
    this.entries.push(message);
    this.bytes += sizeOf(message);
  }

  /**
   * The other end has received so many.
   *
   * @throws ProtocolViolation when that is more than was sent, or less than it said before.
   */
  acknowledge(received: number): void {
    const count = received - this.acknowledged;
    if (count === 0) return;
    if (count < 0 || received > this.sent) {
      const range = `${String(this.acknowledged)} to ${String(this.sent)}`;
      throw new ProtocolViolation(
        'PROTOCOL_ERROR',
        `"received" must be from ${range}, not ${String(received)}`,
      );
    }
    const end = this.head + count;
    for (let index = this.head; index < end; index++) this.bytes -= sizeOf(this.entries[index] ?? '');
    this.head = end;
    this.acknowledged = received;
    if (this.head === this.entries.length) {
      this.entries = [];
      this.head = 0;
    } else if (this.head >= COMPACT_AT && this.head * 2 >= this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  /** What the other end has not received, in order. */
  unacknowledged(): readonly Outgoing[] {
    return this.entries.slice(this.head);
  }

  /** A new session counts from zero. */
  reset(): void {
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.acknowledged = 0;
  }
}
