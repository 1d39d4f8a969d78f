import type { CallId, ControlMessage } from './messages.js';
import type { SplitText } from './outgoing.js';

// The texts of calls and answers are the hot path: they are put together around parts that are
// JSON already, so that nothing is written twice (docs/protocol.md, section 2).

/**
 * A request. `dataJson` is left out for a request without data, and in the header of a binary
 * envelope. With `stream`, the caller's chunks follow it.
 */
export function requestText(
  id: CallId,
  patternJson: string,
  dataJson: string | undefined,
  timeoutMs: number | undefined,
  metadataJson?: string,
  stream = false,
): string {
  let text = '{"id":' + idJson(id) + ',"pattern":' + patternJson;
  if (stream) text += ',"stream":true';
  if (dataJson !== undefined) text += ',"data":' + dataJson;
  if (timeoutMs !== undefined) text += ',"timeoutMs":' + String(timeoutMs);
  return metadataJson === undefined ? text + '}' : text + ',"metadata":' + metadataJson + '}';
}

/** An event. With an `id` it asks for an acknowledgement. */
export function eventText(
  id: CallId | undefined,
  patternJson: string,
  dataJson: string | undefined,
  metadataJson?: string,
): string {
  let text = id === undefined ? '{"pattern":' : '{"id":' + idJson(id) + ',"event":true,"pattern":';
  text += patternJson;
  if (dataJson !== undefined) text += ',"data":' + dataJson;
  return metadataJson === undefined ? text + '}' : text + ',"metadata":' + metadataJson + '}';
}

/**
 * One value of an answer. Without a value it is the end of the answer when `isDisposed`, otherwise
 * an item that is `undefined`; both also serve as the header of a binary envelope.
 */
export function responseText(id: CallId, valueJson: string | undefined, isDisposed: boolean): string {
  const start = '{"id":' + idJson(id);
  if (valueJson === undefined) return start + (isDisposed ? ',"isDisposed":true}' : ',"isDisposed":false}');
  return start + ',"response":' + valueJson + (isDisposed ? ',"isDisposed":true}' : '}');
}

/** A failure. `errJson` is any JSON but `null`, which would read as no error. */
export function failureText(id: CallId, errJson: string): string {
  return '{"id":' + idJson(id) + ',"err":' + errJson + ',"isDisposed":true}';
}

/** One item of a stream that the caller sends. Without JSON it is the header of a binary envelope. */
export function chunkText(id: CallId, chunkJson: string | undefined): string {
  return '{"id":' + idJson(id) + ',"chunk":' + (chunkJson ?? 'null') + '}';
}

/** The end of a stream that the caller sends; with `errJson`, why it failed. */
export function chunkEndText(id: CallId, errJson?: string): string {
  return '{"id":' + idJson(id) + ',"end":true' + (errJson === undefined ? '}' : ',"err":' + errJson + '}');
}

/** The caller no longer wants the answer; with `stream`, the called end no longer wants the caller's stream. */
export function cancelText(id: CallId, stream = false): string {
  return '{"type":"cancel","id":' + idJson(id) + (stream ? ',"stream":true}' : '}');
}

/** `n` more items can be taken: of the answer, or with `stream` of the caller's stream. */
export function creditText(id: CallId, n: number, stream = false): string {
  return '{"type":"credit","id":' + idJson(id) + ',"n":' + String(n) + (stream ? ',"stream":true}' : '}');
}

/** A control message: its `kind` goes out as `type`, its members as they are. */
export function controlText(message: ControlMessage): string {
  const { kind, ...members } = message;
  const type = kind === 'status-response' ? 'status_response' : kind;
  return JSON.stringify({ type, ...members });
}

/**
 * The header of an envelope, with a flag: `more` for a piece of bytes that were cut, of which more follow; `byteStream`
 * for bytes of a stream whose items begin and end anywhere.
 */
export function withFlag(header: string, flag: 'more' | 'byteStream'): string {
  return header.slice(0, -1) + ',"' + flag + '":true}';
}

/** A message with one long member, which goes last. Its JSON is not copied. */
export function withLongMember(text: string, name: 'data' | 'response' | 'chunk', json: string): SplitText {
  return { head: text.slice(0, -1) + ',"' + name + '":', body: json, tail: '}' };
}

function idJson(id: CallId): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id);
}
