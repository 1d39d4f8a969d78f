import type { HeartwireError } from '../errors/heartwire-error.js';

/**
 * Events of a client, for `client.on(…)`: the names of Nest's TCP client. With several servers each
 * comes for every one of them; `status` tells how the client as a whole is.
 */
export type HeartwireClientEvents = {
  /** A server is ready for calls. */
  connect: () => void;
  /** A server that was ready is no longer. */
  close: () => void;
  /** An attempt to connect, or to look a name up, has failed. Unlike other `error` events it may go unheard. */
  error: (error: HeartwireError) => void;
};
