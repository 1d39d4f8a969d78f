import { randomFillSync } from 'node:crypto';

import { asyncScheduler } from 'rxjs';

import { FrameEncoder } from '../protocol/frame-encoder.js';
import { type TextPlatform, WebSocketEncoder } from '../protocol/web-socket-encoder.js';
import { monotonicClock } from '../timing/clock.js';
import type { Runtime } from '../timing/runtime.js';

const MASK_BYTES = 4;
/** Random bytes are cheaper by the thousand. */
const MASK_POOL_BYTES = 8_192;

/** Node as the platform. A tick's work is done when its promises are: `nextTick` comes after them. */
export const nodeRuntime: Runtime = {
  clock: monotonicClock,
  scheduler: asyncScheduler,
  random: Math.random,
  defer: (task) => {
    process.nextTick(task);
  },
  // Libuv reads a socket several times in a turn of its loop, as long as there is more.
  afterInput: (task) => {
    setImmediate(task);
  },
};

const nodeText: TextPlatform = {
  allocate: (bytes) => Buffer.allocUnsafe(bytes),
  byteLength: (text) => Buffer.byteLength(text),
};

/** An encoder that writes into Node's buffers, to be shared by all links of one client or server. */
export function nodeFrameEncoder(): FrameEncoder {
  return new FrameEncoder((bytes) => Buffer.allocUnsafeSlow(bytes));
}

/** The same for the WebSockets of one server. */
export function serverWebSocketEncoder(): WebSocketEncoder {
  return new WebSocketEncoder(nodeText);
}

/** The same for the WebSockets of one client, which must mask what they send. */
export function clientWebSocketEncoder(): WebSocketEncoder {
  // Made with the first mask: most clients speak TCP.
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  return new WebSocketEncoder(nodeText, () => {
    if (used === pool.length) {
      pool = randomFillSync(new Uint8Array(MASK_POOL_BYTES));
      used = 0;
    }
    used += MASK_BYTES;
    return pool.subarray(used - MASK_BYTES, used);
  });
}
