import { monotonicClock } from '../timing/clock.js';

/** How long the same complaint is kept back once it was made, in ms. */
const AGAIN_AFTER_MS = 30_000;

/** A warning that is given at once, and not again for a while, however often it comes up. */
export class Complaint {
  private madeAt = -Infinity;
  private keptBack = 0;

  constructor(private readonly warn: (message: string) => void) {}

  make(message: string): void {
    const now = monotonicClock.now();
    if (now - this.madeAt < AGAIN_AFTER_MS) {
      this.keptBack += 1;
      return;
    }
    const more = this.keptBack === 0 ? '' : ` (and ${String(this.keptBack)} times before)`;
    this.madeAt = now;
    this.keptBack = 0;
    this.warn(`${message}${more}`);
  }

  /** What it is about is over: the next one is made at once. */
  settle(): void {
    this.madeAt = -Infinity;
    this.keptBack = 0;
  }
}
