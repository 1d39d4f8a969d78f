import type { SchedulerLike } from 'rxjs';

import type { Clock } from './clock.js';

/** What sessions need from the platform, so that they run in Node, in a browser and under test. */
export interface Runtime {
  readonly clock: Clock;
  /** Drives heartbeats. What it runs after a delay of 0 must come in a later turn of the event loop, after waiting input. */
  readonly scheduler: SchedulerLike;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Runs `task` once the current tick's work is done: messages of one tick leave as one write. */
  readonly defer: (task: () => void) => void;
  /** Runs `task` once all that has come in by now was taken. */
  readonly afterInput: (task: () => void) => void;
}
