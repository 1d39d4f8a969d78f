/** Tells how much time passes. It never goes back, whatever happens to the date. */
export interface Clock {
  /** In ms, from an arbitrary beginning, with fractions. */
  now(): number;
}

/** The platform's own monotonic clock. */
export const monotonicClock: Clock = { now: () => performance.now() };
