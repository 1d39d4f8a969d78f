import { ErrorCode, isErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { ErrorMessage } from '../protocol/messages.js';
import { oneLine } from '../protocol/peer-text.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { SHORT_TEXT } from '../protocol/wire-members.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { OutgoingCall } from './outgoing-call.js';

// Why a connection ended or a call failed, in words for its callers and for the log.

/** The reason in the `goaway` of a server that closes a connection which nobody uses (docs/protocol.md, section 6). */
export const UNUSED = 'idle';

export function connectionLost(remote: string): HeartwireError {
  return new HeartwireError(ErrorCode.CONNECTION_LOST, `${remote} closed the connection`);
}

export function connectionClosed(why: string): HeartwireError {
  return new HeartwireError(ErrorCode.CLOSED, `the connection was closed: ${why}`, { sent: 'maybe' });
}

/** The other end goes away before the session stands. */
export function goesAway(why: string): HeartwireError {
  return new HeartwireError(ErrorCode.DRAINING, `it is going away: ${oneLine(why)}`);
}

export function handshakeTimedOut(remote: string, timeoutMs: number): HeartwireError {
  const message = `${remote} did not answer hello within ${String(timeoutMs)} ms: is it a Heartwire server?`;
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, message);
}

export function notIntroduced(timeoutMs: number): HeartwireError {
  const message = `the handshake was not over within ${String(timeoutMs)} ms`;
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, message);
}

/** Dialling end: the other end has accepted the connection, and said no word before it was over. */
export function notWelcomed(reason: HeartwireError): HeartwireError {
  const { code, message } = reason;
  if (code !== ErrorCode.CONNECTION_LOST) return reason;
  const hint = 'before it said anything: does it want TLS, or another certificate?';
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, `${message} ${hint}`);
}

/** The same whatever was wrong. What it was stays on this end. */
export function notAccepted(cause: unknown): HeartwireError {
  return new HeartwireError(ErrorCode.UNAUTHENTICATED, 'the credentials were not accepted', { cause });
}

/** @param cause what the function of the user's threw */
export function noToken(cause: unknown): HeartwireError {
  return new HeartwireError(ErrorCode.HANDSHAKE_FAILED, 'the option token gave no token', { cause });
}

export function heartbeatTimedOut(remote: string, liveness: Liveness): HeartwireError {
  const silentForMs = Math.round(liveness.silentForMs);
  const message = `nothing was heard from ${remote} for ${String(silentForMs)} ms`;
  const details = { silentForMs, missed: liveness.missed };
  return new HeartwireError(ErrorCode.HEARTBEAT_TIMEOUT, message, { details });
}

/** Dialling end: why a link brought no session. No call has gone over it. */
export function noSession(reason: HeartwireError): HeartwireError {
  if (reason.sent === 'never') return reason;
  const isRefusal = reason.code === ErrorCode.UNAUTHENTICATED;
  const code = isRefusal ? reason.code : ErrorCode.HANDSHAKE_FAILED;
  const hint = reason.code === ErrorCode.PROTOCOL_ERROR ? ': is it a Heartwire server?' : '';
  return new HeartwireError(code, reason.message + hint, { cause: reason });
}

/** What a call fails with that is made of a closed client. @param reason why it gave up, unless it was closed by hand */
export function clientClosed(reason: HeartwireError | undefined): HeartwireError {
  // A refusal stands until somebody connects again.
  if (reason?.code === ErrorCode.UNAUTHENTICATED) return notAccepted(reason);
  const why = reason === undefined ? '' : `, as it gave up: ${reason.message}`;
  return new HeartwireError(ErrorCode.CLOSED, `the client is closed${why}`, { cause: reason });
}

/** What the other end gave as its reason to close. */
export function peerError({ code, message }: ErrorMessage): HeartwireError {
  const known = isErrorCode(code) ? code : ErrorCode.PROTOCOL_ERROR;
  return new HeartwireError(known, oneLine(message.slice(0, SHORT_TEXT)), { sent: 'maybe' });
}

/** What this end gives as its reason to close. A fault of our own is not explained to strangers. */
export function toRefusal(error: unknown): HeartwireError {
  if (error instanceof HeartwireError) return error;
  if (error instanceof ProtocolViolation)
    return new HeartwireError(error.code, error.message, { sent: 'maybe', cause: error });
  return new HeartwireError(ErrorCode.INTERNAL, 'the message could not be handled', { cause: error });
}

/** What a call in flight fails with when its link is gone. */
export function answerLost(call: OutgoingCall, reason: HeartwireError): HeartwireError {
  const message = `the connection was lost before the answer came: ${reason.message}`;
  return new HeartwireError(ErrorCode.CONNECTION_LOST, message, { sent: call.sent, cause: reason });
}

export function slowConsumer(queuedBytes: number): HeartwireError {
  const message = `${String(queuedBytes)} bytes wait for the other end to read them`;
  return new HeartwireError(ErrorCode.SLOW_CONSUMER, message, { details: { queuedBytes } });
}

/** What a call is answered with that was still running when this end had to go. */
export function cutOff(why: string): HeartwireError {
  const message = `the call was still running when its server went away: ${why}`;
  return new HeartwireError(ErrorCode.CONNECTION_LOST, message);
}

/** What a call fails with that was refused: an earlier attempt may have reached a handler. */
export function refused(call: OutgoingCall, refusal: HeartwireError): HeartwireError {
  const { code, message, retryable, details } = refusal;
  return new HeartwireError(code, message, { sent: call.sent, retryable, details });
}

/** What a call that waited fails with when nothing is left to wait for. */
export function neverAnswered(call: OutgoingCall, reason: HeartwireError): HeartwireError {
  const { code, message, details } = reason;
  return new HeartwireError(code, message, { sent: call.sent, details, cause: reason });
}

/** What a call fails with whose time is over. */
export function deadlineExceeded(call: OutgoingCall): HeartwireError {
  const message = call.sent === 'never' ? 'the call could not be sent in time' : 'no answer came in time';
  return new HeartwireError(ErrorCode.DEADLINE_EXCEEDED, message, { sent: call.sent });
}
