import { EventEmitter, getMaxListeners, setMaxListeners } from 'node:events';

/** One signal may stop any number of calls: Node 20 would take more than ten listeners for a leak, and warn. */
export function sharedSignal(signal: AbortSignal): AbortSignal {
  if (getMaxListeners(signal) === EventEmitter.defaultMaxListeners) setMaxListeners(Infinity, signal);
  return signal;
}
