/** Weights of RFC 6298, section 2. */
const SMOOTHED_WEIGHT = 1 / 8;
const JITTER_WEIGHT = 1 / 4;

/** How long a ping takes to come back: last, smoothed, and how much it varies (RFC 6298, section 2). In ms. */
export class RoundTrip {
  private last: number | undefined;
  private smoothed: number | undefined;
  private jitter = 0;

  get lastMs(): number | undefined {
    return this.last;
  }

  get smoothedMs(): number | undefined {
    return this.smoothed;
  }

  get jitterMs(): number | undefined {
    return this.last === undefined ? undefined : this.jitter;
  }

  sample(ms: number): void {
    this.last = ms;
    if (this.smoothed === undefined) {
      this.smoothed = ms;
      this.jitter = ms / 2;
      return;
    }
    // The RFC's order: the variation is measured against the mean as it was.
    this.jitter += JITTER_WEIGHT * (Math.abs(this.smoothed - ms) - this.jitter);
    this.smoothed += SMOOTHED_WEIGHT * (ms - this.smoothed);
  }
}
