import { EventEmitter, getMaxListeners, setMaxListeners } from 'node:events';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';

/**
 * One signal may stop any number of calls: Node 20 would take more than ten listeners for a leak, and warn.
 *
 * @throws HeartwireError `INVALID_OPTIONS` for what is none: an AbortController, as a rule
 */
export function sharedSignal(signal: AbortSignal): AbortSignal {
  if (!(signal instanceof AbortSignal)) {
    throw new HeartwireError(ErrorCode.INVALID_OPTIONS, 'signal must be an AbortSignal');
  }
  if (getMaxListeners(signal) === EventEmitter.defaultMaxListeners) setMaxListeners(Infinity, signal);
  return signal;
}
