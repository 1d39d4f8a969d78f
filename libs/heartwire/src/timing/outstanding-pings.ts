/** A peer that never answers must not make this end remember every ping. */
const MAX_REMEMBERED = 8;

/** Timestamps are whole microseconds: a peer that prints fewer digits than it read still echoes them unchanged. */
const PER_MS = 1_000;

/** The pings whose pongs may still come, by the moment at which they were sent. */
export class OutstandingPings {
  private readonly sentAt: number[] = [];
  private lastMicros = -Infinity;

  /** Takes note of a ping. Returns its timestamp, in ms, later than that of any ping before. */
  add(now: number): number {
    this.lastMicros = Math.max(Math.round(now * PER_MS), this.lastMicros + 1);
    const timestamp = this.lastMicros / PER_MS;
    if (this.sentAt.length >= MAX_REMEMBERED) this.sentAt.shift();
    this.sentAt.push(timestamp);
    return timestamp;
  }

  /** Whether that ping was sent and not answered yet. Its pong, and any earlier one, counts no more. */
  take(timestamp: number): boolean {
    const at = this.sentAt.indexOf(timestamp);
    if (at < 0) return false;
    this.sentAt.splice(0, at + 1);
    return true;
  }
}
