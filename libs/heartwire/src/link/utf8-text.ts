import { isUtf8 } from 'node:buffer';

import { ProtocolViolation } from '../protocol/protocol-violation.js';

const REPLACEMENT_CHARACTER = '\uFFFD';

/** The text of a message. @throws ProtocolViolation when it isn't valid UTF-8 */
export function utf8Text(bytes: Buffer, start = 0, end = bytes.length): string {
  const text = bytes.toString('utf8', start, end);
  // Decoding replaces what is no UTF-8 by U+FFFD, so only a text that holds one needs the full check.
  if (text.includes(REPLACEMENT_CHARACTER) && !isUtf8(bytes.subarray(start, end))) {
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a JSON message must be valid UTF-8');
  }
  return text;
}
