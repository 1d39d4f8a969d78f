import type { CallId, Metadata } from './messages.js';
import { quote } from './peer-text.js';
import { ProtocolViolation } from './protocol-violation.js';

// Readers of single members. Each takes what the other end sent, whatever it is, and gives back the
// known kind, or refuses it by name. An optional member that is `null` counts as left out.

/** The smallest heartbeat that a peer may ask for (docs/protocol.md, section 3). */
export const MIN_HEARTBEAT_INTERVAL_MS = 100;
export const MIN_HEARTBEAT_TIMEOUT_MS = 200;
/** A header has 30 bits for the length of its frame. */
export const MAX_FRAME_BYTES = 0x3fff_ffff;
/** The longest id, name, secret or reason, in characters (UTF-16 units). */
export const SHORT_TEXT = 256;
/** The longest token, in characters (docs/protocol.md, section 2). */
export const MAX_TOKEN_CHARACTERS = 16_384;

/** A message as it came: its members may be anything. */
export type Wire = Readonly<Record<string, unknown>>;

export function readId(value: unknown): CallId {
  if (
    typeof value === 'number'
      ? Number.isFinite(value)
      : typeof value === 'string' && value.length <= SHORT_TEXT
  ) {
    return value as CallId;
  }
  return refuse('id', `a finite number or a string of at most ${String(SHORT_TEXT)} characters`, value);
}

export function readText(member: string, value: unknown, maxLength: number): string {
  if (typeof value === 'string' && value.length <= maxLength) return value;
  return refuse(member, `a string of at most ${String(maxLength)} characters`, value);
}

/** As `readText`, for what no log may show. */
export function readSecret(member: string, value: unknown, maxLength: number): string {
  if (typeof value === 'string' && value.length <= maxLength) return value;
  throw new ProtocolViolation(
    'PROTOCOL_ERROR',
    `"${member}" must be a string of at most ${String(maxLength)} characters`,
  );
}

export function readNumber(member: string, value: unknown, min = -Infinity): number {
  if (typeof value === 'number' && value >= min && Math.abs(value) < Infinity) return value;
  return refuse(
    member,
    min === -Infinity ? 'a finite number' : `a finite number, ${String(min)} or more`,
    value,
  );
}

export function readInteger(
  member: string,
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  const range =
    max === Number.MAX_SAFE_INTEGER ? `${String(min)} or more` : `${String(min)} to ${String(max)}`;
  return refuse(member, `a whole number, ${range}`, value);
}

export function readBoolean(member: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  return refuse(member, 'true or false', value);
}

/** An optional boolean; left out means `false`. */
export function readFlag(member: string, value: unknown): boolean {
  return isGiven(value) && readBoolean(member, value);
}

export function readMetadata(value: unknown): Metadata {
  if (!isObject(value)) return refuse('metadata', 'an object whose values are strings', value);
  const metadata: Record<string, string> = {};
  for (const key of Object.keys(value)) {
    const entry = value[key];
    if (typeof entry !== 'string') refuse(`metadata.${key}`, 'a string', entry);
    // Set as `metadata.__proto__`, a string changes nothing: the key is lost, and does no harm.
    else metadata[key] = entry;
  }
  return metadata;
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function isObject(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws ProtocolViolation always */
export function refuse(member: string, expected: string, value: unknown): never {
  const name = quote(member);
  const fault = value === undefined ? 'it is missing' : `it is ${describe(value)}`;
  throw new ProtocolViolation('PROTOCOL_ERROR', `${name} must be ${expected}: ${fault}`);
}

/** A few words on what the other end sent, safe to log. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
