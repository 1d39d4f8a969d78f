import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { ENVELOPE_LENGTH_BYTES } from '../protocol/binary-envelope.js';
import { isEnvelope, type Outgoing, type SplitText, textLength, wholeText } from '../protocol/outgoing.js';

const UTF8_BYTES_AT_MOST = 3;
const utf8 = new TextEncoder();

/** About what a message takes while it is kept, in bytes. */
export function sizeOf(message: Outgoing): number {
  return isEnvelope(message) ? message.header.length + message.bytes.byteLength : textLength(message);
}

/** @throws HeartwireError `FRAME_TOO_LARGE` when one of the ends takes no such message. */
export function checkSize(message: Outgoing, maxFrameBytes: number): void {
  checkBytes(payloadBytes(message, maxFrameBytes), maxFrameBytes);
}

/** @throws HeartwireError `FRAME_TOO_LARGE` when one of the ends doesn't take so many bytes. */
export function checkBytes(bytes: number, maxFrameBytes: number): void {
  if (bytes <= maxFrameBytes) return;
  throw new HeartwireError(
    ErrorCode.FRAME_TOO_LARGE,
    `the message takes ${String(bytes)} bytes, of ${String(maxFrameBytes)} at most (limits.maxFrameBytes)`,
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
  if (!isEnvelope(message)) return textBytes(message, 0, fits);
  return textBytes(message.header, ENVELOPE_LENGTH_BYTES + message.bytes.byteLength, fits);
}

function textBytes(text: string | SplitText, rest: number, fits: number): number {
  const upperBound = textLength(text) * UTF8_BYTES_AT_MOST + rest;
  return upperBound <= fits ? upperBound : utf8.encode(wholeText(text)).byteLength + rest;
}
