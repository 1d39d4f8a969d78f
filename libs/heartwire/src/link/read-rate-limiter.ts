import type { Clock } from '../timing/clock.js';
import { LONGEST_DELAY_MS } from '../timing/longest-delay.js';
import { TokenBucket } from '../timing/token-bucket.js';

/** What can be read, or not for a while. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/**
 * Reads a peer no faster than so many frames a second. What it sends beyond that stays in the kernel, and in the end
 * with the peer itself (docs/protocol.md, section 5).
 */
export class ReadRateLimiter {
  private readonly bucket: TokenBucket;
  private rest: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Pausable,
    framesPerSecond: number,
    clock: Clock,
    private readonly onReadOn: () => void,
  ) {
    this.bucket = new TokenBucket(framesPerSecond, clock);
  }

  /** Whether nothing is read now: the peer's silence then says nothing about it. */
  get isResting(): boolean {
    return this.rest !== undefined;
  }

  /** Frames were read. @returns whether nothing is read now */
  spend(frames: number): boolean {
    const restMs = this.bucket.take(frames);
    if (restMs > 0 && !this.isResting) {
      this.socket.pause();
      this.rest = setTimeout(this.readOn, Math.min(restMs, LONGEST_DELAY_MS));
    }
    return this.isResting;
  }

  stop(): void {
    clearTimeout(this.rest);
    this.rest = undefined;
  }

  private readonly readOn = (): void => {
    this.rest = undefined;
    this.onReadOn();
    this.socket.resume();
  };
}
