import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Outgoing, SplitText } from '../protocol/frame-encoder.js';

const UTF8_BYTES_AT_MOST = 3;
const ENVELOPE_HEADER_BYTES = 4;
const utf8 = new TextEncoder();

/** About what a message takes while it is kept, in bytes. */
export function sizeOf(message: Outgoing): number {
  if (typeof message === 'string') return message.length;
  return 'bytes' in message ? message.header.length + message.bytes.byteLength : textLength(message);
}

/** @throws HeartwireError `FRAME_TOO_LARGE` when the other end would refuse the message. */
export function checkSize(message: Outgoing, maxFrameBytes: number): void {
  checkBytes(payloadBytes(message, maxFrameBytes), maxFrameBytes);
}

/** @throws HeartwireError `FRAME_TOO_LARGE` when the other end would refuse so many bytes. */
export function checkBytes(bytes: number, maxFrameBytes: number): void {
  if (bytes <= maxFrameBytes) return;
  throw new HeartwireError(
    ErrorCode.FRAME_TOO_LARGE,
    `the message takes ${String(bytes)} bytes; the other end takes ${String(maxFrameBytes)} at most (limits.maxFrameBytes)`,
    { details: { bytes, maxFrameBytes } },
  );
}

/** Why a failure could not be told, as far as that is for the other end to know. */
export function sayable(fault: unknown): HeartwireError | undefined {
  const isTooLarge = fault instanceof HeartwireError && fault.code === ErrorCode.FRAME_TOO_LARGE;
  return isTooLarge ? fault : undefined;
}

/** The payload's bytes; only an upper bound where that already fits. */
function payloadBytes(message: Outgoing, fits: number): number {
  const isEnvelope = typeof message !== 'string' && 'bytes' in message;
  const rest = isEnvelope ? ENVELOPE_HEADER_BYTES + message.bytes.byteLength : 0;
  const text = isEnvelope ? message.header : message;
  const upperBound = textLength(text) * UTF8_BYTES_AT_MOST + rest;
  return upperBound <= fits ? upperBound : utf8Bytes(text) + rest;
}

function textLength(text: string | SplitText): number {
  return typeof text === 'string' ? text.length : text.head.length + text.body.length + text.tail.length;
}

function utf8Bytes(text: string | SplitText): number {
  const whole = typeof text === 'string' ? text : text.head + text.body + text.tail;
  return utf8.encode(whole).byteLength;
}
