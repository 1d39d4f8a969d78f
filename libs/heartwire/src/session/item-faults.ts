import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';

/** The item was never sent, but the call that it belongs to was: a handler can have seen that. */
export function ofBegunCall(error: unknown): unknown {
  if (!(error instanceof HeartwireError)) return error;
  return new HeartwireError(error.code, error.message, {
    ...error.toJSON(),
    cause: error.cause,
    sent: 'maybe',
  });
}

export function tooFast(items: number, bytes: number): HeartwireError {
  const message = `the stream is ${String(items)} items (${String(bytes)} bytes) ahead of its receiver`;
  return new HeartwireError(ErrorCode.SLOW_CONSUMER, message, { details: { items, bytes } });
}
