/** What happens to the clients of a hub. */
export type Presence = {
  readonly clientId: string;
  /** What `authenticate` said of the client; `undefined` where the server doesn't ask. */
  readonly identity: unknown;
} & (
  | { readonly type: 'connected' }
  /** Its link broke. It stays where it is, and gets later what is pushed meanwhile. */
  | { readonly type: 'suspended' }
  /** It is back. */
  | { readonly type: 'resumed' }
  /** It is gone for good, and in none of these rooms any more. */
  | { readonly type: 'disconnected'; readonly rooms: readonly string[] }
  | { readonly type: 'joined'; readonly room: string }
  | { readonly type: 'left'; readonly room: string }
);
