import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { OutgoingCall } from './outgoing-call.js';

/** Gives the call up when the signal fires; the listener goes with the call. */
export function abortWith(signal: AbortSignal, call: OutgoingCall): void {
  const abort = (): void => {
    const { sent } = call;
    call.abort(
      new HeartwireError(ErrorCode.CANCELLED, 'the call was aborted', { sent, cause: signal.reason }),
    );
  };
  if (signal.aborted) {
    abort();
    return;
  }
  signal.addEventListener('abort', abort, { once: true });
  call.onSettled = () => {
    signal.removeEventListener('abort', abort);
  };
}
