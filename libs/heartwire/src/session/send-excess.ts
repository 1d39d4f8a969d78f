import type { Clock } from '../timing/clock.js';
import type { Timers } from '../timing/deadline-sweep.js';
import { LATE_MS } from '../timing/late.js';

/** How often the other end is looked at while more waits than its own bound. Who reads nothing from look to look is dropped. */
const LOOK_EVERY_MS = 1_000;

/** What waits for the other end. */
export interface SendQueue {
  readonly queuedBytes: number;
  /** Bytes that the kernel has taken over the link that there is now. */
  readonly takenBytes: number | undefined;
}

export interface SendExcessHost {
  /** The other end doesn't read. */
  overflowed(): void;
}

/** Room for more than may wait. */
export interface ExcessRoom {
  resize(from: number, to: number): boolean;
}

/**
 * What waits for one peer beyond its own bound. Calls that were made together may be answered together, and then their
 * answers wait for a moment also for a peer that reads as fast as it can. For one that doesn't they don't.
 */
export class SendExcess {
  private bytes = 0;
  private timer: unknown;

  constructor(
    private readonly room: ExcessRoom,
    private readonly queue: SendQueue,
    private readonly ownBytes: number,
    private readonly host: SendExcessHost,
    private readonly clock: Clock,
    private readonly timers: Timers,
  ) {}

  /** Whether as much may wait as waits now. */
  isAdmitted(): boolean {
    if (!this.resize(this.queue.queuedBytes)) return false;
    if (this.timer === undefined) this.lookLater();
    return true;
  }

  /** Some of what waited was taken. */
  shrunk(): void {
    if (this.bytes > 0) this.resize(this.queue.queuedBytes);
  }

  /** Nothing waits any more. */
  stop(): void {
    this.timers.clear(this.timer);
    this.timer = undefined;
    this.resize(0);
  }

  private resize(queuedBytes: number): boolean {
    const bytes = Math.max(queuedBytes - this.ownBytes, 0);
    if (!this.room.resize(this.bytes, bytes)) return false;
    this.bytes = bytes;
    return true;
  }

  private lookLater(): void {
    const { takenBytes } = this.queue;
    const lateAt = this.clock.now() + LOOK_EVERY_MS + LATE_MS;
    this.timer = this.timers.set(() => {
      this.timer = undefined;
      this.look(takenBytes, this.clock.now() > lateAt);
    }, LOOK_EVERY_MS);
  }

  /** @param isLate this end was not there to see what was read */
  private look(takenBefore: number | undefined, isLate: boolean): void {
    const { takenBytes } = this.queue;
    this.shrunk();
    if (this.bytes === 0) return;
    // One that is away has until its session ends to come back.
    const isStuck = takenBytes !== undefined && takenBytes === takenBefore;
    if (isStuck && !isLate) this.host.overflowed();
    else this.lookLater();
  }
}
