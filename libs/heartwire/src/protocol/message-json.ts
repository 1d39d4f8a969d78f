import { ProtocolViolation } from './protocol-violation.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws ProtocolViolation when it is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a message must be JSON');
  }
}

/** The header of a binary envelope. @throws ProtocolViolation when it is no UTF-8, or no JSON */
export function parseHeader(bytes: Uint8Array): unknown {
  return parseJson(decodeUtf8(bytes));
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ProtocolViolation('PROTOCOL_ERROR', "an envelope's header must be valid UTF-8");
  }
}
