/**
 * Whom a push is meant for. A plain text reaches whoever goes by that name: the client with that id,
 * everybody in the room of that name, and every client of that identity: one that is that text, or has it as
 * its `id`. Where names come from users,
 * say which of these is meant: otherwise somebody could name a room after somebody else.
 */
export type PushTarget =
  string | { readonly client: string } | { readonly room: string } | { readonly identity: string };
