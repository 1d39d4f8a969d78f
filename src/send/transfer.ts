import { shownBytes, shownSeconds } from './figures.js';
import { TransferRate } from './transfer-rate.js';

/** How far a file is on its way. */
export class Transfer {
  received = 0;
  private readonly rate = new TransferRate();

  constructor(
    readonly name: string,
    /** Bytes. */
    readonly size: number,
  ) {}

  /** @param nowMs monotonic */
  moved(received: number, nowMs: number): void {
    this.received = received;
    this.rate.tell(received, nowMs);
  }

  /** From 0 to 100. A file may have grown since. */
  get percent(): number {
    return this.size === 0 ? 100 : Math.min(100, Math.floor((this.received / this.size) * 100));
  }

  /** `12.0 MiB of 64.0 MiB, 30.1 MiB/s, 2 s left`. */
  get figures(): string {
    const { bytesPerSecond } = this.rate;
    const left = this.rate.secondsLeft(this.size);
    return [
      `${shownBytes(this.received)} of ${shownBytes(this.size)}`,
      ...(bytesPerSecond === undefined ? [] : [`${shownBytes(bytesPerSecond)}/s`]),
      ...(left === undefined ? [] : [`${shownSeconds(left)} left`]),
    ].join(', ');
  }
}
