import { attachBytes, ENVELOPE_LENGTH_BYTES, headerLength } from '../protocol/binary-envelope.js';
import { parseHeader } from '../protocol/message-json.js';
import { parseMessage } from '../protocol/message-parser.js';
import type { CallMessage, ChunkMessage, ResponseMessage } from '../protocol/messages.js';
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
  const [first] = envelope;
  const last = envelope.length - 1;
  if (first === undefined || last === 0 || first.byteLength <= ENVELOPE_LENGTH_BYTES) return undefined;
  const bytesFrom = ENVELOPE_LENGTH_BYTES + headerLength(first);
  if (bytesFrom >= first.byteLength) return undefined;
  const header = parseHeader(first.subarray(ENVELOPE_LENGTH_BYTES, bytesFrom));
  if (!isObject(header) || header.byteStream !== true) return undefined;
  const whole = parseMessage(attachBytes(header, first.subarray(bytesFrom)));
  if (whole.kind !== 'chunk' && whole.kind !== 'response') return undefined;
  return envelope.map((part, at) => {
    const bytes = at === 0 ? part.subarray(bytesFrom) : part;
    return { message: portionOf(whole, bytes, at === last), frameBytes: part.byteLength };
  });
}

/**
 * Written member by member: V8 (of Node 20) puts what is made by spreading into its old generation here, and a long
 * upload made it collect that again and again.
 */
function portionOf(whole: ChunkMessage | ResponseMessage, bytes: Uint8Array, isLast: boolean): CallMessage {
  const { id } = whole;
  const more = isLast ? whole.more : true;
  if (whole.kind === 'chunk') return { kind: 'chunk', id, chunk: bytes, more, byteStream: true };
  const isDisposed = isLast && whole.isDisposed;
  return { kind: 'response', id, response: bytes, isDisposed, more, byteStream: true };
}
