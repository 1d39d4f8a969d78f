import type { HeartwireError } from '../errors/heartwire-error.js';

/**
 * Events of a client, for `client.on(…)`: the names of Nest's TCP client. With several servers each
 * comes for every one of them; `status` tells how the client as a whole is.
 */
export type HeartwireClientEvents = {
  connect: () => void;
  close: () => void;
  error: (error: HeartwireError) => void;
};
