import type { Clock } from '../../libs/heartwire/src/timing/clock.js';
import type { Timers } from '../../libs/heartwire/src/timing/deadline-sweep.js';

/** Time that passes when told to, and timers that count. */
export class FakeTime {
  at = 1_000;
  timersSet = 0;
  readonly clock: Clock = { now: () => this.at };
  private readonly pending = new Map<number, { readonly at: number; readonly task: () => void }>();

  readonly timers: Timers = {
    set: (task, delayMs) => {
      this.timersSet += 1;
      this.pending.set(this.timersSet, { at: this.at + delayMs, task });
      return this.timersSet;
    },
    clear: (timer) => {
      this.pending.delete(timer as number);
    },
  };

  get timersRunning(): number {
    return this.pending.size;
  }

  /** Fires each timer that is set now, however early. */
  fire(): void {
    const timers = [...this.pending.values()];
    this.pending.clear();
    for (const { task } of timers) task();
  }

  /** Lets time pass, running each timer at its moment, or `earlyMs` before it. */
  pass(ms: number, earlyMs = 0): void {
    const until = this.at + ms;
    for (;;) {
      const due = [...this.pending].filter(([, { at }]) => at - earlyMs <= until);
      const [first] = due.sort(([, a], [, b]) => a.at - b.at);
      if (first === undefined) break;
      const [timer, { at, task }] = first;
      this.pending.delete(timer);
      this.at = Math.max(at - earlyMs, this.at);
      task();
    }
    this.at = Math.max(until, this.at);
  }
}
