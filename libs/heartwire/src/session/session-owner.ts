import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Link } from '../link/link.js';
import type { HelloMessage, Resumption } from '../protocol/messages.js';
import type { Liveness } from '../timing/liveness-state.js';
import type { EarlyMessage } from './early-message.js';
import type { OutgoingCall } from './outgoing-call.js';

/** A session that can go on over another link. */
export interface ResumableSession {
  /** Takes the link on which the other end has just said hello to it, and what came `early` behind that. */
  resumeOn(link: Link, hello: HelloMessage, early: readonly EarlyMessage[]): void;
}

/** Who owns a session decides what follows from what happens to it. */
export interface SessionOwner {
  /** Accepting end: the other end has said something for the first time, whatever it is. */
  spoke?(): void;
  /** The session stands, and calls can be sent: `resumed` tells whether it went on where it stood. */
  ready(resumed: boolean): void;
  /** The link is gone. A session that can be resumed keeps what runs. */
  linkLost(reason: HeartwireError, canBeResumed: boolean): void;
  /** Accepting end: there will be no other link. What runs for its events runs on. */
  left?(): void;
  /** Nobody will answer these calls any more: the owner settles them. */
  answersLost(inFlight: readonly OutgoingCall[], reason: HeartwireError): void;
  /** The session is gone for good. */
  sessionLost(reason: HeartwireError): void;
  /** Accepting end: the session that the other end wants to go on with, if it is here and the secret fits. */
  resume(resumption: Resumption): ResumableSession | undefined;
  /** The other end is going away and takes no new calls. */
  goaway(reason: string): void;
  /** A call was refused, unstarted. `true` when the owner will send it again, instead of letting it fail. */
  retries(call: OutgoingCall, error: HeartwireError): boolean;
  livenessChanged(liveness: Liveness): void;
  /** The other end broke the rules or a limit: one line for the log. */
  refused(error: HeartwireError): void;
}
