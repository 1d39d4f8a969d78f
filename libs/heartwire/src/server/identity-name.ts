/**
 * What a client can be reached by at the hub: its identity if that is a text, or the `id` of it.
 * `undefined` for an identity that has no name of that kind.
 */
export function identityName(identity: unknown): string | undefined {
  const name = typeof identity === 'object' && identity !== null && 'id' in identity ? identity.id : identity;
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined;
}
