import { asyncScheduler } from 'rxjs';

import { monotonicClock } from '../timing/clock.js';
import type { Runtime } from '../timing/runtime.js';
import { BrowserClient } from './browser-client.js';
import { type ConnectOptions, settingsOf } from './connect-options.js';
import type { Platform } from './platform.js';

// A browser wants it called as a function of its own.
const inMicrotask = (task: () => void): void => {
  queueMicrotask(task);
};

/** A browser as the platform. What is said in one turn of the event loop leaves together. */
const browserRuntime: Runtime = {
  clock: monotonicClock,
  scheduler: asyncScheduler,
  random: Math.random,
  defer: inMicrotask,
  afterInput: inMicrotask,
};

/**
 * Connects to a Heartwire server over WebSocket, and keeps connected until `close()`: a connection that is lost comes
 * back by itself, at once when the network does. Calls made meanwhile wait; nothing is lost, and nothing done twice.
 *
 * @throws HeartwireError `INVALID_OPTIONS`
 * @example
 * const chat = connect({ url: '/heartwire', token: () => fetchToken() });
 * chat.on$('said').subscribe(show);
 * chat.send('rooms.join', { room: 'tea' }).subscribe();
 */
export function connect(options: ConnectOptions): BrowserClient {
  const platform = globalThis as Platform;
  return new BrowserClient(settingsOf(options, platform), browserRuntime, platform);
}
