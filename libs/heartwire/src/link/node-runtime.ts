import { asyncScheduler } from 'rxjs';

import { FrameEncoder } from '../protocol/frame-encoder.js';
import { monotonicClock } from '../timing/clock.js';
import type { Runtime } from '../timing/runtime.js';

/** Node as the platform. A tick's work is done when its promises are: `nextTick` comes after them. */
export const nodeRuntime: Runtime = {
  clock: monotonicClock,
  scheduler: asyncScheduler,
  random: Math.random,
  defer: (task) => {
    process.nextTick(task);
  },
};

/** An encoder that writes into Node's buffers, to be shared by all links of one client or server. */
export function nodeFrameEncoder(): FrameEncoder {
  return new FrameEncoder((bytes) => Buffer.allocUnsafeSlow(bytes));
}
