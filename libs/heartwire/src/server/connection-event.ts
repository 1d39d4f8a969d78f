import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { ServerConnection } from './server-connection.js';

/** What happens to a server's connections. */
export type ConnectionEvent =
  /** A link is here. Nothing is known of who it is. */
  | { readonly type: 'opened'; readonly connection: ServerConnection }
  /** It has said its first word, its hello or a call: it is a client now, and none that only takes a session up. */
  | { readonly type: 'introduced'; readonly connection: ServerConnection }
  /** With each round trip and each verdict (docs/protocol.md, section 3). */
  | { readonly type: 'liveness'; readonly connection: ServerConnection; readonly liveness: Liveness }
  /** Its link broke; its session waits for a new one. */
  | { readonly type: 'suspended'; readonly connection: ServerConnection; readonly reason: HeartwireError }
  /** Its session goes on over a new link. */
  | { readonly type: 'resumed'; readonly connection: ServerConnection }
  /** It is gone for good, with its session. */
  | { readonly type: 'closed'; readonly connection: ServerConnection; readonly reason: HeartwireError };
