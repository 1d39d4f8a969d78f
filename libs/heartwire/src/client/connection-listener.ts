import type { HeartwireError } from '../errors/heartwire-error.js';
import type { ConnectionStatus } from '../session/connection-status.js';
import type { Liveness } from '../timing/liveness-state.js';

/** What the connections of a client tell it: for its events, for `status`, for `liveness$`. */
export interface ConnectionListener {
  statusChanged(status: ConnectionStatus): void;
  /** One more server is ready for calls. */
  connected(): void;
  /** One that was ready is no longer. */
  lost(): void;
  attemptFailed(error: HeartwireError): void;
  livenessChanged(endpoint: string, liveness: Liveness): void;
}
