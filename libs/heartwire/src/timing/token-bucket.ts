import type { Clock } from './clock.js';

/**
 * Allows so much a second in the long run, and a second's worth at once. What was taken beyond that is a debt, which
 * time pays off.
 */
export class TokenBucket {
  private tokens: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock,
  ) {
    this.tokens = perSecond;
    this.filledAt = clock.now();
  }

  /** Takes what was used already. @returns how long it takes to pay off the debt, in ms; 0 when there is none */
  take(count: number): number {
    const now = this.clock.now();
    const gained = ((now - this.filledAt) * this.perSecond) / 1_000;
    this.filledAt = now;
    this.tokens = Math.min(this.tokens + gained, this.perSecond) - count;
    return this.tokens >= 0 ? 0 : (-this.tokens * 1_000) / this.perSecond;
  }
}
