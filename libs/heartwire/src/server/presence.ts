/** What happens to the clients of a hub. */
export type Presence = {
  readonly clientId: string;
  /** Who the client is, where the server asks. */
  readonly identity: string | undefined;
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
