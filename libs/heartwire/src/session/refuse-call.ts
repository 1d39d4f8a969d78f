import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { ServedCall } from './served-call.js';

/** The words of Nest's own transports, for code that looks for them. */
const NO_MESSAGE_HANDLER = 'There is no matching message handler defined in the remote service.';

/** Answers a call that nobody here handles. */
export function refuseCall(call: ServedCall): void {
  call.fail(new HeartwireError(ErrorCode.NO_HANDLER, NO_MESSAGE_HANDLER));
}
