import { LONGEST_DELAY_MS } from './longest-delay.js';

/** How long to wait before the next attempt. All in ms. */
export interface BackoffSettings {
  /** The first wait is random, up to this. */
  readonly firstMaxMs: number;
  /** The least that each later wait takes. */
  readonly baseMs: number;
  /** The random part of the second wait is at most twice this, and doubles with each further one. */
  readonly growthMs: number;
  /** The most that the random part may take. */
  readonly maxMs: number;
}

/**
 * Exponential backoff with jitter: many clients that lost the same server come back spread over
 * time, and the first of them quickly. All of a wait but `baseMs` is random, uniformly.
 */
export class Backoff {
  private count = 0;

  /** @param random uniform in [0, 1) */
  constructor(
    private readonly settings: BackoffSettings,
    private readonly random: () => number,
  ) {}

  /** Waits asked for since the last reset. */
  get attempts(): number {
    return this.count;
  }

  /** The next wait, in ms. */
  next(): number {
    const { firstMaxMs, baseMs, growthMs, maxMs } = this.settings;
    const attempt = this.count;
    this.count += 1;
    if (attempt === 0) return this.random() * firstMaxMs;
    return Math.min(baseMs + this.random() * Math.min(maxMs, growthMs * 2 ** attempt), LONGEST_DELAY_MS);
  }

  /** The next wait is a first one again. */
  reset(): void {
    this.count = 0;
  }
}
