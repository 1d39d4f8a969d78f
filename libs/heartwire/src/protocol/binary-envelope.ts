import { ProtocolViolation } from './protocol-violation.js';

const LENGTH_BYTES = 4;

/**
 * Splits a binary envelope into its JSON header and its raw bytes: views, nothing is copied
 * (docs/protocol.md, section 1).
 *
 * @throws ProtocolViolation when the header's length doesn't fit into the envelope
 */
export function openEnvelope(envelope: Uint8Array): { header: Uint8Array; bytes: Uint8Array } {
  if (envelope.byteLength < LENGTH_BYTES) {
    const message = `a binary envelope must begin with 4 bytes that tell its header's length, not with ${String(envelope.byteLength)}`;
    throw new ProtocolViolation('PROTOCOL_ERROR', message);
  }
  const headerBytes = new DataView(envelope.buffer, envelope.byteOffset, LENGTH_BYTES).getUint32(0);
  const headerEnd = LENGTH_BYTES + headerBytes;
  if (headerEnd > envelope.byteLength) {
    const left = envelope.byteLength - LENGTH_BYTES;
    const message = `an envelope's header must fit into it: ${String(headerBytes)} bytes are declared, ${String(left)} are there`;
    throw new ProtocolViolation('PROTOCOL_ERROR', message);
  }
  return { header: envelope.subarray(LENGTH_BYTES, headerEnd), bytes: envelope.subarray(headerEnd) };
}

/**
 * Puts an envelope's bytes where its header leaves them out: as the `data` of a request or event,
 * as the `chunk` of a header that names one (`"chunk":null`), otherwise as the `response`.
 *
 * @param header the parsed JSON of the envelope's header
 * @throws ProtocolViolation when the header is no object, or a control message
 */
export function attachBytes(header: unknown, bytes: Uint8Array): unknown {
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new ProtocolViolation('PROTOCOL_ERROR', "an envelope's header must be an object");
  }
  if (Object.hasOwn(header, 'type')) {
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a message with a "type" carries no bytes');
  }
  if (Object.hasOwn(header, 'pattern')) return { ...header, data: bytes };
  if (Object.hasOwn(header, 'chunk')) return { ...header, chunk: bytes };
  return { ...header, response: bytes };
}
