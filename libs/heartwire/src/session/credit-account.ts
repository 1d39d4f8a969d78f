import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { Fifo } from './fifo.js';
import { INITIAL_CREDIT, STREAM_WINDOW_BYTES } from './outgoing-stream.js';

/** Credit is granted in portions, so that not every item costs a message. */
export const CREDIT_PORTION = INITIAL_CREDIT / 2;
/** And no later than after so many bytes, or a sender of large items would wait for ever. */
export const CREDIT_PORTION_BYTES = STREAM_WINDOW_BYTES / 4;

/** What a stream's receiver has of it, and the credit that it owes the sender (docs/protocol.md, section 5). */
export class CreditAccount {
  /** The sizes of the items that were not taken, in order. */
  private readonly sizes = new Fifo<number>();
  private comingBytes = 0;
  private owed = 0;
  private owedBytes = 0;

  /** Items that came and were not taken. */
  get untaken(): number {
    return this.sizes.length;
  }

  /** An item came, or with `more` a piece of one. */
  arrived(bytes: number, more: boolean): void {
    this.comingBytes += bytes;
    if (more) return;
    this.sizes.push(this.comingBytes);
    this.comingBytes = 0;
  }

  /** The consumer has taken the item that came first. @returns its size */
  taken(): number {
    const bytes = this.sizes.shift() ?? 0;
    this.owed += 1;
    this.owedBytes += bytes;
    return bytes;
  }

  /** The credit to be granted now: 0 while it isn't worth a message. To be called once for it. */
  due(): number {
    const { owed } = this;
    if (owed < CREDIT_PORTION && this.owedBytes < CREDIT_PORTION_BYTES) return 0;
    this.owed = 0;
    this.owedBytes = 0;
    return owed;
  }
}

/** What a sender is told that doesn't wait for its credit. */
export function beyondCredit(): ProtocolViolation {
  return new ProtocolViolation('PROTOCOL_ERROR', 'a stream must not send more items than it has credit for');
}
