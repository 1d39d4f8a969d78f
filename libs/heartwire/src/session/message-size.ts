import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Outgoing } from '../protocol/frame-encoder.js';

const UTF8_BYTES_AT_MOST = 3;
const ENVELOPE_HEADER_BYTES = 4;
const utf8 = new TextEncoder();

/** About what a message takes while it is kept, in bytes. */
export function sizeOf(message: Outgoing): number {
  return typeof message === 'string' ? message.length : message.header.length + message.bytes.byteLength;
}

/** @throws HeartwireError `FRAME_TOO_LARGE` when the other end would refuse the message. */
export function checkSize(message: Outgoing, maxFrameBytes: number): void {
  const bytes = payloadBytes(message, maxFrameBytes);
  if (bytes <= maxFrameBytes) return;
  throw new HeartwireError(
    ErrorCode.FRAME_TOO_LARGE,
    `the message takes ${String(bytes)} bytes; the other end takes ${String(maxFrameBytes)} at most (limits.maxFrameBytes)`,
    { sent: 'never', details: { bytes, maxFrameBytes } },
  );
}

/** The payload's bytes; only an upper bound where that already fits. */
function payloadBytes(message: Outgoing, fits: number): number {
  const text = typeof message === 'string' ? message : message.header;
  const rest = typeof message === 'string' ? 0 : ENVELOPE_HEADER_BYTES + message.bytes.byteLength;
  const upperBound = text.length * UTF8_BYTES_AT_MOST + rest;
  return upperBound <= fits ? upperBound : utf8.encode(text).byteLength + rest;
}
