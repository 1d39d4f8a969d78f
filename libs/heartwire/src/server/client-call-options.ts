import type { SendOptions } from '../session/call-options.js';

/** The same as a client's own default for its `callTimeoutMs`. */
export const CALL_TIMEOUT_MS = 5_000;

/** What a call to a client may ask for: as with the calls of a client, but nothing sends it again. */
export type ClientCallOptions = Omit<SendOptions, 'idempotent'>;
