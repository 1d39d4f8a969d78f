/** Weights of RFC 6298, section 2. */
const SMOOTHED_WEIGHT = 1 / 8;
const JITTER_WEIGHT = 1 / 4;

/** How long a ping takes to come back: last, smoothed, and how much it varies (RFC 6298, section 2). In ms. */
export class RoundTrip {
  lastMs: number | undefined;
  smoothedMs: number | undefined;
  jitterMs: number | undefined;

  sample(ms: number): void {
    this.lastMs = ms;
    if (this.smoothedMs === undefined || this.jitterMs === undefined) {
      this.smoothedMs = ms;
      this.jitterMs = ms / 2;
      return;
    }
    this.jitterMs += JITTER_WEIGHT * (Math.abs(this.smoothedMs - ms) - this.jitterMs);
    this.smoothedMs += SMOOTHED_WEIGHT * (ms - this.smoothedMs);
  }
}
