import { Observable, type SchedulerLike } from 'rxjs';

import type { Liveness } from './liveness-state.js';
import { LivenessWatch, type LivenessWatchInput } from './liveness-watch.js';
import { LONGEST_DELAY_MS } from './longest-delay.js';

export interface LivenessInput extends LivenessWatchInput {
  /** What it runs after a delay of 0 must come in a later turn of the event loop, after waiting input. */
  readonly scheduler: SchedulerLike;
  /** The timestamps that come back in pongs. */
  readonly pongs$: Observable<number | string>;
}

/**
 * Watches one link (docs/protocol.md, section 3). Cold. Emits on subscription, on each change of
 * state and on each round trip; completes after `dead`. At most one action is scheduled at a time.
 */
export function watchLiveness(input: LivenessInput): Observable<Liveness> {
  return new Observable((subscriber) => {
    const watch = new LivenessWatch(input, (liveness) => {
      subscriber.next(liveness);
      if (liveness.state === 'dead') subscriber.complete();
    });
    subscriber.add(() => {
      watch.stop();
    });
    subscriber.add(
      input.pongs$.subscribe((timestamp) => {
        watch.pong(timestamp);
      }),
    );
    watch.begin();
    subscriber.add(
      input.scheduler.schedule(function () {
        const delayMs = watch.look();
        if (delayMs !== undefined) this.schedule(undefined, wholeDelay(delayMs));
      }, wholeDelay(watch.delayMs)),
    );
  });
}

/** Timers drop fractions: without rounding up most looks would come a moment early, and twice. */
function wholeDelay(delayMs: number): number {
  return Math.min(Math.ceil(delayMs), LONGEST_DELAY_MS);
}
