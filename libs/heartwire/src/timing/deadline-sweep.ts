import type { Clock } from './clock.js';
import { LONGEST_DELAY_MS } from './longest-delay.js';

/** The platform's timers. */
export interface Timers {
  set(task: () => void, delayMs: number): unknown;
  clear(timer: unknown): void;
}

export const systemTimers: Timers = {
  set: (task, delayMs) => setTimeout(task, delayMs),
  clear: (timer) => {
    clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
};

/** Who has deadlines. */
export interface DeadlineKeeper {
  /** Settles what is due at the given moment; returns the next deadline, Infinity when there is none. */
  expire(now: number): number;
}

/** Deadlines closer together than this are met in one go, in ms. */
const GRANULARITY_MS = 10;

/** The platform counts whole milliseconds, so a timer may fire almost one too early. */
const EARLINESS_MS = 1;

/**
 * One timer for any number of deadlines. It knows only the earliest: when that has come, its
 * keeper settles what is due and names the next. Watching a later one costs a comparison.
 */
export class DeadlineSweep {
  private timer: unknown;
  private earliest = Infinity;
  private stops = 0;

  constructor(
    private readonly clock: Clock,
    private readonly timers: Timers,
    private readonly keeper: DeadlineKeeper,
    private readonly granularityMs = GRANULARITY_MS,
  ) {}

  /** Makes sure that its keeper is asked once this moment of the clock has come. */
  watch(deadlineAt: number): void {
    if (deadlineAt >= this.earliest) return;
    this.timers.clear(this.timer);
    this.earliest = deadlineAt;
    const delayMs = Math.max(deadlineAt - this.clock.now() + EARLINESS_MS, this.granularityMs);
    this.timer = this.timers.set(
      () => {
        this.sweep();
      },
      Math.min(Math.ceil(delayMs), LONGEST_DELAY_MS),
    );
  }

  /** Forgets every deadline, also the one that its keeper is about to name. */
  stop(): void {
    this.stops += 1;
    this.disarm();
  }

  private disarm(): void {
    this.timers.clear(this.timer);
    this.timer = undefined;
    this.earliest = Infinity;
  }

  private sweep(): void {
    const { earliest, stops } = this;
    const now = this.clock.now();
    this.disarm();
    // The longest delay may end before the deadline.
    const next = now < earliest ? earliest : this.keeper.expire(now);
    if (stops === this.stops) this.watch(next);
  }
}
