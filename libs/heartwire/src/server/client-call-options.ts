import type { SendOptions } from '../session/call-options.js';

/** What a call to a client may ask for: as with the calls of a client, but nothing sends it again. */
export type ClientCallOptions = Omit<SendOptions, 'idempotent'>;
