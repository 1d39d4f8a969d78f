/** 128 bits, as the protocol asks for. */
const SECRET_BYTES = 16;

/** What lets the dialling end go on with its session over a new link. The secret is never logged. */
export interface SessionIdentity {
  readonly session: string;
  readonly secret: string;
}

export function newIdentity(session: string): SessionIdentity {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const secret = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { session, secret };
}

/** Compares in a time that tells nothing about where two secrets differ. */
export function isSameSecret(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at++)
    difference |= one.charCodeAt(at) ^ (other.charCodeAt(at % other.length) || 0);
  return difference === 0;
}
