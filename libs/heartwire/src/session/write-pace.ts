/**
 * A tick that has so much to say says it in several writes: after so many messages, and each time that they are
 * so many times as many. The other end is at work on the first while this one makes the rest; a tick has few writes
 * all the same.
 */
const FIRST_WRITE_AT = 12;
const NEXT_WRITE_FACTOR = 3;

/** When a busy tick writes. */
export class WritePace {
  private said = 0;
  private nextWriteAt = 0;

  /** A tick begins, with its first message. */
  begin(): void {
    this.said = 1;
    this.nextWriteAt = FIRST_WRITE_AT;
  }

  /** One more message is there. */
  more(): void {
    this.said += 1;
  }

  get isWriteDue(): boolean {
    return this.said >= this.nextWriteAt;
  }

  /** It writes. */
  wrote(): void {
    this.nextWriteAt *= NEXT_WRITE_FACTOR;
  }
}
