import { parseTyped } from './control-parser.js';
import type { Message, RequestMessage } from './messages.js';
import { ProtocolViolation } from './protocol-violation.js';
import { isGiven, isObject, readFlag, readId, readMetadata, readNumber, refuse } from './wire-members.js';

/** The members by which calls and answers are told apart. */
interface WireMessage {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly pattern?: unknown;
  readonly data?: unknown;
  readonly metadata?: unknown;
  readonly timeoutMs?: unknown;
  readonly stream?: unknown;
  readonly event?: unknown;
  readonly response?: unknown;
  readonly isDisposed?: unknown;
  readonly err?: unknown;
  readonly chunk?: unknown;
  readonly end?: unknown;
  readonly more?: unknown;
  readonly byteStream?: unknown;
}

/**
 * Turns whatever came into a known message, or refuses it (docs/protocol.md, section 2). The result
 * is a fresh object: unknown members are not carried along. It never looks into `data`, `response`,
 * `err` or `chunk`, so their depth doesn't matter.
 *
 * @throws ProtocolViolation that names the member and says what was expected
 */
export function parseMessage(value: unknown): Message {
  if (!isObject(value)) throw new ProtocolViolation('PROTOCOL_ERROR', 'a message must be a JSON object');
  const wire: WireMessage = value;
  if (wire.type !== undefined) return parseTyped(wire.type, value);
  if (wire.pattern !== undefined) return parseCall(wire);
  return parseAnswer(wire);
}

function parseAnswer(wire: WireMessage): Message {
  const { response, err } = wire;
  const isDisposed = readFlag('isDisposed', wire.isDisposed);
  if (readFlag('end', wire.end)) {
    return { kind: 'chunk-end', id: readId(wire.id), err: isGiven(err) ? err : undefined };
  }
  if (isGiven(err)) return { kind: 'failure', id: readId(wire.id), err };
  // With neither of the two it is an item that is `undefined`, for which JSON has no word.
  if (response !== undefined || (wire.isDisposed === false && wire.chunk === undefined)) {
    const more = readBytesFlag('more', wire.more, response);
    const byteStream = readBytesFlag('byteStream', wire.byteStream, response);
    return { kind: 'response', id: readId(wire.id), response, isDisposed, more, byteStream };
  }
  if (wire.chunk !== undefined) {
    const { chunk } = wire;
    const more = readBytesFlag('more', wire.more, chunk);
    const byteStream = readBytesFlag('byteStream', wire.byteStream, chunk);
    return { kind: 'chunk', id: readId(wire.id), chunk, more, byteStream };
  }
  if (isDisposed) return { kind: 'end', id: readId(wire.id) };
  const message =
    'a message must have one of "pattern", "response", "err", "isDisposed", "chunk", "end" and "type"';
  throw new ProtocolViolation('PROTOCOL_ERROR', message);
}

/** A flag that says how bytes go on. */
function readBytesFlag(member: 'more' | 'byteStream', value: unknown, bytes: unknown): true | undefined {
  if (!readFlag(member, value)) return undefined;
  if (!(bytes instanceof Uint8Array)) refuse(member, 'a member of messages with bytes only', value);
  return true;
}

function parseCall(wire: WireMessage): Message {
  const { pattern, data } = wire;
  if (typeof pattern !== 'string') checkPattern(pattern);
  const metadata = isGiven(wire.metadata) ? readMetadata(wire.metadata) : undefined;
  if (wire.id === undefined) {
    readFlag('event', wire.event);
    return { kind: 'event', id: undefined, pattern, data, metadata };
  }
  const id = readId(wire.id);
  if (readFlag('event', wire.event)) return { kind: 'event', id, pattern, data, metadata };
  const timeoutMs = isGiven(wire.timeoutMs) ? readNumber('timeoutMs', wire.timeoutMs, 0) : undefined;
  const stream = readFlag('stream', wire.stream) ? true : undefined;
  const request: RequestMessage = { kind: 'request', id, pattern, data, metadata, timeoutMs, stream };
  return request;
}

function checkPattern(pattern: unknown): void {
  if (typeof pattern === 'number' || (typeof pattern === 'object' && pattern !== null)) return;
  refuse('pattern', 'a string, a number or an object', pattern);
}
