import { monotonicClock } from '../timing/clock.js';

/** How long the same warning is kept back once it was given, in ms. */
const AGAIN_AFTER_MS = 30_000;

/** A warning that is given at once, and not again for a while, however often it comes up. */
export class ThrottledWarning {
  private givenAt = -Infinity;
  private keptBack = 0;

  constructor(private readonly warn: (message: string) => void) {}

  give(message: string): void {
    const now = monotonicClock.now();
    if (now - this.givenAt < AGAIN_AFTER_MS) {
      this.keptBack += 1;
      return;
    }
    const more = this.keptBack === 0 ? '' : ` (and ${String(this.keptBack)} times before)`;
    this.givenAt = now;
    this.keptBack = 0;
    this.warn(`${message}${more}`);
  }

  /** What it is about is over: the next one is given at once. */
  settle(): void {
    this.givenAt = -Infinity;
    this.keptBack = 0;
  }
}
