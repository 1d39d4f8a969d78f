import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { ConnectionStatus } from './connection-state.js';

/** What a connection tells its client: for the log, for `status`, for `liveness$`. */
export interface ConnectionListener {
  statusChanged(status: ConnectionStatus): void;
  /** Ready for calls; `afterMs` and `attempts` tell what it took since it was lost. */
  connected(remote: string, afterMs: number, attempts: number): void;
  /** It was ready, and is no longer. */
  lost(reason: HeartwireError): void;
  attemptFailed(error: HeartwireError, retryInMs: number | undefined): void;
  goaway(reason: string): void;
  livenessChanged(liveness: Liveness): void;
}
