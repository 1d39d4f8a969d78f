import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Link } from '../link/link.js';
import type { HelloMessage, StatusResponseMessage, WelcomeMessage } from '../protocol/messages.js';
import type { HeartbeatMonitor } from './heartbeat-monitor.js';

/** A session's link, and what is known about the other end through it. Gone with the link. */
export interface Attachment {
  readonly link: Link;
  readonly monitor: HeartbeatMonitor;
  /** By the wall clock, in ms. */
  readonly openedAt: number;
  /** The same by the session's clock, which no correction of the time moves. */
  readonly since: number;
  /** What the accepting end announced. */
  welcome?: WelcomeMessage;
  /** What the dialling end said; a simple peer says nothing. */
  hello?: HelloMessage;
  /** How the other end saw this connection when it last said so. */
  seenThere?: StatusResponseMessage;
  /** Why the other end says that it will close. */
  lastWord?: HeartwireError;
}
