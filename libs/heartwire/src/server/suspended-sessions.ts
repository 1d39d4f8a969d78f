/** How often what they keep is looked at: handlers that still run go on answering. */
const LOOK_EVERY_MS = 1_000;

export interface SuspendedLimits {
  /** How many may wait. */
  readonly suspendedSessions: number;
  /** What they may keep for their clients, and have waiting for handlers, taken together. */
  readonly suspendedBytes: number;
}

/** What is known of those who wait, and who ends them. */
export interface SuspendedHost<Waiting> {
  /** What it keeps, in bytes. */
  bytesOf(waiting: Waiting): number;
  /** It must go. That takes it out, too. */
  giveUp(waiting: Waiting, reason: string): void;
}

/**
 * Sessions that wait for a new link, or, when their clients have left, for the end of their events. A client that leaves them behind needs no connection for them, so no
 * bound of connections holds it back.
 */
export class SuspendedSessions<Waiting> {
  /** In the order in which they lost their links. */
  private readonly waiting = new Set<Waiting>();
  /** What they kept when each was looked at last. */
  private bytes = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly limits: SuspendedLimits,
    private readonly host: SuspendedHost<Waiting>,
  ) {}

  enter(one: Waiting): void {
    this.waiting.add(one);
    this.bytes += this.host.bytesOf(one);
    this.timer ??= setInterval(this.look, LOOK_EVERY_MS);
    if (this.waiting.size > this.limits.suspendedSessions) {
      const [longest = one] = this.waiting;
      this.host.giveUp(longest, 'too many sessions wait for a new link');
    }
    if (this.bytes > this.limits.suspendedBytes) this.look();
  }

  /** It has a link again, or is gone. */
  leave(one: Waiting): void {
    if (!this.waiting.delete(one) || this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.bytes = 0;
  }

  /** Those that keep most go first; of two that keep as much, the one that has waited longer. */
  private readonly look = (): void => {
    const { suspendedBytes } = this.limits;
    const all = Array.from(this.waiting, (one) => ({ one, bytes: this.host.bytesOf(one) }));
    this.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.bytes <= suspendedBytes) return;
    for (const { one, bytes } of all.sort((a, b) => b.bytes - a.bytes)) {
      if (this.bytes <= suspendedBytes) break;
      this.bytes -= bytes;
      this.host.giveUp(one, 'the sessions that wait for a new link keep too much');
    }
  };
}
