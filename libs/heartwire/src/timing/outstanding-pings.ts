/** A peer that never answers must not make this end remember every ping. */
const MAX_REMEMBERED = 8;

/** The pings whose pongs may still come, by the moment at which they were sent. */
export class OutstandingPings {
  private readonly sentAt: number[] = [];
  private last = -Infinity;

  /** Takes note of a ping. Returns its timestamp, which no other ping has. */
  add(now: number): number {
    const timestamp = Math.max(now, this.last + 0.001);
    this.last = timestamp;
    this.sentAt.push(timestamp);
    if (this.sentAt.length > MAX_REMEMBERED) this.sentAt.shift();
    return timestamp;
  }

  /** Whether that ping was sent and not answered yet. Its pong, and any earlier one, counts no more. */
  take(timestamp: number | string): boolean {
    const at = this.sentAt.findIndex((sent) => sent === timestamp);
    if (at < 0) return false;
    this.sentAt.splice(0, at + 1);
    return true;
  }
}
