import type { Envelope } from './outgoing.js';
import { ProtocolViolation } from './protocol-violation.js';

/** What tells the length of an envelope's header. */
export const ENVELOPE_LENGTH_BYTES = 4;

const utf8 = new TextEncoder();

/** The whole of an envelope, in bytes of its own (docs/protocol.md, section 1). */
export function closeEnvelope({ header, bytes }: Envelope): Uint8Array<ArrayBuffer> {
  const head = utf8.encode(header);
  const whole = new Uint8Array(ENVELOPE_LENGTH_BYTES + head.length + bytes.length);
  new DataView(whole.buffer).setUint32(0, head.length);
  whole.set(head, ENVELOPE_LENGTH_BYTES);
  whole.set(bytes, ENVELOPE_LENGTH_BYTES + head.length);
  return whole;
}

/**
 * Splits a binary envelope into its JSON header and its raw bytes: views, nothing is copied
 * (docs/protocol.md, section 1).
 *
 * @throws ProtocolViolation when the header's length doesn't fit into the envelope
 */
export function openEnvelope(envelope: Uint8Array): { header: Uint8Array; bytes: Uint8Array } {
  if (envelope.byteLength < ENVELOPE_LENGTH_BYTES) {
    const message = `a binary envelope must begin with 4 bytes that tell its header's length, not with ${String(envelope.byteLength)}`;
    throw new ProtocolViolation('PROTOCOL_ERROR', message);
  }
  const headerBytes = headerLength(envelope);
  const headerEnd = ENVELOPE_LENGTH_BYTES + headerBytes;
  if (headerEnd > envelope.byteLength) {
    const left = envelope.byteLength - ENVELOPE_LENGTH_BYTES;
    const message = `an envelope's header must fit into it: ${String(headerBytes)} bytes are declared, ${String(left)} are there`;
    throw new ProtocolViolation('PROTOCOL_ERROR', message);
  }
  return { header: envelope.subarray(ENVELOPE_LENGTH_BYTES, headerEnd), bytes: envelope.subarray(headerEnd) };
}

/** How long the header is, as an envelope of 4 bytes or more says. */
export function headerLength({ buffer, byteOffset }: Uint8Array): number {
  return new DataView(buffer, byteOffset, ENVELOPE_LENGTH_BYTES).getUint32(0);
}

/**
 * Puts an envelope's bytes where its header leaves them out: as the `data` of a request or event,
 * as the `chunk` of a header that names one (`"chunk":null`), otherwise as the `response`.
 *
 * @param header the parsed JSON of the envelope's header, which becomes the message
 * @throws ProtocolViolation when the header is no object, or a control message
 */
export function attachBytes(header: unknown, bytes: Uint8Array): object {
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new ProtocolViolation('PROTOCOL_ERROR', "an envelope's header must be an object");
  }
  if (Object.hasOwn(header, 'type')) {
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a message with a "type" carries no bytes');
  }
  // No copy is made: V8 (of Node 20) puts what is spread into its old generation, and has to collect that.
  const message: { data?: unknown; chunk?: unknown; response?: unknown } = header;
  if (Object.hasOwn(header, 'pattern')) message.data = bytes;
  else if (Object.hasOwn(header, 'chunk')) message.chunk = bytes;
  else message.response = bytes;
  return message;
}
