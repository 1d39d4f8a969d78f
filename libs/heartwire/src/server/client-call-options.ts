import type { SendOptions } from '../session/call-options.js';

/**
 * What a call to a client may ask for: as with the calls of a client, but nothing sends it again. The default of
 * `timeoutMs` is the server's `callTimeoutMs`, that of `idleTimeoutMs` is `Infinity`.
 */
export type ClientCallOptions = Omit<SendOptions, 'idempotent'>;
