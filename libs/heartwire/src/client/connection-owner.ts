import type { HeartwireError } from '../errors/heartwire-error.js';
import type { OutgoingCall } from '../session/outgoing-call.js';
import type { Liveness } from '../timing/liveness-state.js';

/** Who has connections decides what becomes of their calls, and who is tried again. */
export interface ConnectionOwner<Connection> {
  /** Calls can be sent over it now. */
  ready(connection: Connection): void;
  /** Nothing can be sent over it for now; `waiting` were not sent. */
  lost(connection: Connection, reason: HeartwireError, waiting: readonly OutgoingCall[]): void;
  /** Its server goes away; `waiting` were not sent. A new connection to the same place is on its way. */
  movedOn(connection: Connection, waiting: readonly OutgoingCall[]): void;
  /** Its server has closed it, as nobody used it; `waiting` were not sent. It is opened again when it is needed. */
  rests(connection: Connection, waiting: readonly OutgoingCall[]): void;
  /** The owner lets it retry, or ends it. */
  attemptFailed(connection: Connection, error: HeartwireError): void;
  /** These calls were sent, and their answers are lost. */
  answersLost(connection: Connection, calls: readonly OutgoingCall[], reason: HeartwireError): void;
  /** `true` when the call, which its server refused unheard, goes to another session. */
  takesBack(call: OutgoingCall): boolean;
  livenessChanged(connection: Connection, liveness: Liveness): void;
  /** For good: nothing is left of it. */
  ended(connection: Connection): void;
}
