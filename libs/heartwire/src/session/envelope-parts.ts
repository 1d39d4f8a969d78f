import { attachBytes, ENVELOPE_LENGTH_BYTES, headerLength } from '../protocol/binary-envelope.js';
import { parseHeader } from '../protocol/message-json.js';
import { parseMessage } from '../protocol/message-parser.js';
import { type CallMessage, isControlMessage } from '../protocol/messages.js';
import { isObject } from '../protocol/wire-members.js';

/** A part of a message's bytes, as a message of its own. */
export interface Portion {
  readonly message: CallMessage;
  /** What it took on the wire. */
  readonly frameBytes: number;
}

/**
 * A binary envelope that came in parts, as a message for each of them: those of a byte stream need not be joined
 * (docs/protocol.md, section 2). Each but the last says that more bytes follow.
 *
 * @returns `undefined` for any other envelope, which is to be joined
 * @throws ProtocolViolation when it is no message of that kind
 */
export function portionsOf(envelope: readonly Uint8Array[]): readonly Portion[] | undefined {
  const [first, ...rest] = envelope;
  if (first === undefined || rest.length === 0 || first.byteLength <= ENVELOPE_LENGTH_BYTES) return undefined;
  const bytesFrom = ENVELOPE_LENGTH_BYTES + headerLength(first);
  if (bytesFrom >= first.byteLength) return undefined;
  const header = parseHeader(first.subarray(ENVELOPE_LENGTH_BYTES, bytesFrom));
  if (!isObject(header) || header.byteStream !== true || 'pattern' in header) return undefined;
  const goesOn = { ...header, more: true, isDisposed: false };
  const portions: Portion[] = [];
  for (const [at, part] of envelope.entries()) {
    const bytes = at === 0 ? part.subarray(bytesFrom) : part;
    const message = parseMessage(attachBytes(at === rest.length ? header : goesOn, bytes));
    if (!isControlMessage(message)) portions.push({ message, frameBytes: part.byteLength });
  }
  return portions;
}
