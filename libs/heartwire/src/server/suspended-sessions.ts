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
 * Sessions without a link: those that wait for a new one, and those that nobody comes back to, while events of them run. A client that leaves them behind needs no connection for them, so no
 * bound of connections holds it back.
 */
export class SuspendedSessions<Waiting> {
  /** Those that wait for a new link, in the order in which they lost theirs. */
  private readonly waiting = new Set<Waiting>();
  private readonly left = new Set<Waiting>();
  /** What they kept when each was looked at last. */
  private bytes = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly limits: SuspendedLimits,
    private readonly host: SuspendedHost<Waiting>,
  ) {}

  enter(one: Waiting): void {
    this.waiting.add(one);
    this.count(one);
    if (this.waiting.size > this.limits.suspendedSessions) {
      const [longest = one] = this.waiting;
      this.host.giveUp(longest, 'too many sessions wait for a new link');
    }
    this.lookIfMuch();
  }

  /** Nobody comes back to it: it doesn't wait for a link, and keeps what its events take until they are done. */
  enterLeft(one: Waiting): void {
    this.waiting.delete(one);
    this.left.add(one);
    this.count(one);
    this.lookIfMuch();
  }

  /** It has a link again, or is gone. */
  leave(one: Waiting): void {
    const wasHere = this.waiting.delete(one) || this.left.delete(one);
    if (!wasHere || this.waiting.size + this.left.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.bytes = 0;
  }

  private count(one: Waiting): void {
    this.bytes += this.host.bytesOf(one);
    this.timer ??= setInterval(this.look, LOOK_EVERY_MS);
  }

  private lookIfMuch(): void {
    if (this.bytes > this.limits.suspendedBytes) this.look();
  }

  /** Those that keep most go first; of two that keep as much, the one that has waited longer. */
  private readonly look = (): void => {
    const { suspendedBytes } = this.limits;
    const all = [...this.waiting, ...this.left].map((one) => ({ one, bytes: this.host.bytesOf(one) }));
    this.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.bytes <= suspendedBytes) return;
    for (const { one, bytes } of all.sort((a, b) => b.bytes - a.bytes)) {
      if (this.bytes <= suspendedBytes) break;
      this.bytes -= bytes;
      this.host.giveUp(one, 'the sessions without a link keep too much');
    }
  };
}
