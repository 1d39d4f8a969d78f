import type { Outgoing } from '../protocol/outgoing.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { Fifo } from './fifo.js';
import { sizeOf } from './message-size.js';

/**
 * The counted messages that were handed to a link and are not known to have arrived. After a
 * broken link they are sent again, exactly from where the other end's count stands
 * (docs/protocol.md, section 4). Its bound is the send window: at the bound nothing counted is
 * handed over until the other end acknowledges.
 */
export class DeliveryLog {
  private readonly entries = new Fifo<Outgoing>();
  private bytes = 0;
  private acknowledged = 0;

  constructor(private readonly maxBytes: number) {}

  /** Counted messages handed over so far. */
  get sent(): number {
    return this.acknowledged + this.entries.length;
  }

  /** What the other end has not acknowledged. */
  get unacknowledgedBytes(): number {
    return this.bytes;
  }

  get isFull(): boolean {
    return this.bytes >= this.maxBytes;
  }

  append(message: Outgoing): void {
    this.entries.push(message);
    this.bytes += sizeOf(message);
  }

  /** Whether the other end may have received so many: not more than were sent, not less than it said before. */
  couldHaveArrived(received: number): boolean {
    return received >= this.acknowledged && received <= this.sent;
  }

  /**
   * The other end has received so many.
   *
   * @throws ProtocolViolation when that is more than was sent, or less than it said before.
   */
  acknowledge(received: number): void {
    if (!this.couldHaveArrived(received)) {
      const range = `${String(this.acknowledged)} to ${String(this.sent)}`;
      throw new ProtocolViolation(
        'PROTOCOL_ERROR',
        `"received" must be from ${range}, not ${String(received)}`,
      );
    }
    while (this.acknowledged < received) {
      this.bytes -= sizeOf(this.entries.shift() ?? '');
      this.acknowledged += 1;
    }
  }

  /** What the other end has not received, in order. */
  unacknowledged(): readonly Outgoing[] {
    return [...this.entries];
  }

  /** A new session counts from zero. */
  reset(): void {
    this.entries.clear();
    this.bytes = 0;
    this.acknowledged = 0;
  }
}
