import type { Clock } from './clock.js';

/** What counted once counts half after so long, in ms. */
const HALF_LIFE_MS = 1_000;
/** Less than this is nothing. */
const LEAST = 0.5;

/** Counts what happens, and forgets it by and by: half of it each second. */
export class FadingCount {
  private count = 0;
  private countedAt = 0;

  constructor(private readonly clock: Clock) {}

  /** What is left of it now. */
  get value(): number {
    if (this.count === 0) return 0;
    const now = this.clock.now();
    this.count *= 0.5 ** ((now - this.countedAt) / HALF_LIFE_MS);
    this.countedAt = now;
    if (this.count < LEAST) this.count = 0;
    return this.count;
  }

  add(): void {
    this.count = this.value + 1;
    this.countedAt = this.clock.now();
  }
}
