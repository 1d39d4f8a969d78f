import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { Fifo } from './fifo.js';
import { INITIAL_CREDIT, STREAM_WINDOW_BYTES } from './outgoing-stream.js';

/** Credit is granted in portions, so that not every item costs a message. */
export const CREDIT_PORTION = INITIAL_CREDIT / 2;
/** And no later than after so many bytes, or a sender of large items would wait for ever. */
export const CREDIT_PORTION_BYTES = STREAM_WINDOW_BYTES / 4;

/** What a stream's receiver has of it, and the credit that it owes the sender (docs/protocol.md, section 5). */
export class CreditAccount {
  /** Items that came whole and were not taken. */
  untaken = 0;
  /** The bytes of all that the consumer was given and has not taken, parts included. */
  untakenBytes = 0;

  /** The sizes of what the consumer was given and has not taken, in order; those of parts below 0. */
  private readonly sizes = new Fifo<number>();
  private comingBytes = 0;
  private owed = 0;
  private owedBytes = 0;

  /** Whether the consumer has taken all that it was given. */
  get isAllTaken(): boolean {
    return this.sizes.length === 0;
  }

  /** A piece of an item came, which is kept until the item is whole. */
  began(bytes: number): void {
    this.comingBytes += bytes;
  }

  /** An item is whole, or given to the consumer with `isPart` in parts: credit is owed for the last of them. */
  arrived(bytes: number, isPart = false): void {
    const size = this.comingBytes + bytes;
    this.comingBytes = 0;
    this.untakenBytes += size;
    this.sizes.push(isPart ? -size : size);
    if (!isPart) this.untaken += 1;
  }

  /** The consumer has taken what came first. @returns its size */
  taken(): number {
    const size = this.sizes.shift() ?? 0;
    const bytes = Math.abs(size);
    this.owedBytes += bytes;
    this.untakenBytes -= bytes;
    if (size < 0) return bytes;
    this.owed += 1;
    this.untaken -= 1;
    return bytes;
  }

  /** The credit to be granted now: 0 while it isn't worth a message. To be called once for it. */
  due(): number {
    const { owed } = this;
    if (owed === 0 || (owed < CREDIT_PORTION && this.owedBytes < CREDIT_PORTION_BYTES)) return 0;
    this.owed = 0;
    this.owedBytes = 0;
    return owed;
  }
}

/** What a sender is told that doesn't wait for its credit. */
export function beyondCredit(): ProtocolViolation {
  return new ProtocolViolation('PROTOCOL_ERROR', 'a stream must not send more items than it has credit for');
}
