import type { Clock } from '../timing/clock.js';
import { type Timers, systemTimers } from '../timing/deadline-sweep.js';
import { SendExcess, type SendExcessHost, type SendQueue } from './send-excess.js';

/** What may wait beyond the own bounds of connections, for all connections of one end together. */
export class SharedSendBuffer {
  private usedBytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly clock: Clock,
    private readonly timers: Timers = systemTimers,
  ) {}

  /** The part of one session, whose own bound is `ownBytes`. */
  excessOf(queue: SendQueue, ownBytes: number, host: SendExcessHost): SendExcess {
    return new SendExcess(this, queue, ownBytes, host, this.clock, this.timers);
  }

  /** Takes `to` bytes in place of `from`. @returns whether there was room; otherwise nothing changes */
  resize(from: number, to: number): boolean {
    const usedBytes = this.usedBytes - from + to;
    if (to > from && usedBytes > this.maxBytes) return false;
    this.usedBytes = usedBytes;
    return true;
  }
}
