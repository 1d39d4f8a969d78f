import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Resumption } from '../protocol/messages.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { OutgoingCall } from './outgoing-call.js';
import type { Session } from './session.js';

/** Who owns a session decides what follows from what happens to it. */
export interface SessionOwner {
  /** Calls can be sent now; `resumed` tells whether the session went on where it stood. */
  ready(resumed: boolean): void;
  /** The link is gone. A session that can be resumed keeps what runs. */
  linkLost(reason: HeartwireError, canBeResumed: boolean): void;
  /** The session is gone for good, and with it the answers to these calls: the owner settles them. */
  sessionLost(reason: HeartwireError, inFlight: readonly OutgoingCall[]): void;
  /** Accepting end: the session that the other end wants to go on with, if it is here and the secret fits. */
  resume(resumption: Resumption): Session | undefined;
  /** The other end is going away and takes no new calls. */
  goaway(reason: string, graceMs: number): void;
  /** `true` when the owner will send the failed call again, instead of letting it fail. */
  retries(call: OutgoingCall, error: HeartwireError): boolean;
  livenessChanged(liveness: Liveness): void;
  /** The other end broke the rules or a limit: one line for the log. */
  refused(error: HeartwireError): void;
}
