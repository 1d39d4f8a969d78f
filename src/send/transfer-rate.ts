/** How far back the speed looks. */
const WINDOW_MS = 5_000;
/** Between two samples: what is kept is bounded. */
const SAMPLE_EVERY_MS = 100;

interface Sample {
  readonly bytes: number;
  readonly atMs: number;
}

/** How fast a transfer has been lately, and how long it will take. */
export class TransferRate {
  private samples: Sample[] = [];
  private latest: Sample | undefined;

  /** @param nowMs monotonic */
  tell(bytes: number, nowMs: number): void {
    this.latest = { bytes, atMs: nowMs };
    const previous = this.samples.at(-1);
    if (previous !== undefined && nowMs - previous.atMs < SAMPLE_EVERY_MS) return;
    this.samples = this.samples.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS);
    this.samples.push(this.latest);
  }

  /** Undefined before there is anything to tell it from. */
  get bytesPerSecond(): number | undefined {
    const [first] = this.samples;
    const { latest } = this;
    if (first === undefined || latest === undefined || latest.atMs === first.atMs) return undefined;
    return ((latest.bytes - first.bytes) * 1_000) / (latest.atMs - first.atMs);
  }

  /** Undefined while it can't be told. */
  secondsLeft(totalBytes: number): number | undefined {
    const { bytesPerSecond, latest } = this;
    if (bytesPerSecond === undefined || bytesPerSecond <= 0 || latest === undefined) return undefined;
    return Math.max(0, totalBytes - latest.bytes) / bytesPerSecond;
  }
}
