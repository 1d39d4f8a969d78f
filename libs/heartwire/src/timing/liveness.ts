import { Observable, type SchedulerLike } from 'rxjs';

import type { Liveness } from './liveness-state.js';
import { LivenessWatch, type LivenessWatchInput } from './liveness-watch.js';

export interface LivenessInput extends LivenessWatchInput {
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
    subscriber.add(
      input.pongs$.subscribe((timestamp) => {
        watch.pong(timestamp);
      }),
    );
    watch.begin();
    subscriber.add(
      input.scheduler.schedule(function () {
        const delayMs = watch.look();
        if (delayMs !== undefined) this.schedule(undefined, delayMs);
      }, watch.delayMs),
    );
  });
}
