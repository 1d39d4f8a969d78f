import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Attachment } from './attachment.js';

type Timer = ReturnType<typeof setTimeout>;

/**
 * Where a session stands. A callback of a link that is no longer the state's link is stale, and
 * is ignored; that ends every race with late callbacks.
 *
 *     dialling end:   detached → greeting → ready → suspended → greeting → ready → …
 *     accepting end:  detached → ready → suspended → ready → …           (→ greeting → ready where it authenticates)
 *     either:         ready → draining → parting → ending → detached          any → ended
 *     the end that was left:    draining → finishing → detached       accepting end, closed: suspended → finishing → detached
 */
export type SessionState =
  /** No link, and nothing to go on with. Calls wait; nothing is served. */
  | { readonly name: 'detached' }
  /**
   * The dialling end has said hello, or waits for welcome to say it, and waits for ready; the accepting end waits for hello,
   * or for the verdict on it. As long as the timer lets them.
   */
  | {
      readonly name: 'greeting';
      readonly attachment: Attachment;
      readonly timer: Timer;
      readonly suspension: Suspension | undefined;
    }
  /** Calls flow. */
  | { readonly name: 'ready'; readonly attachment: Attachment }
  /** The link broke. What runs, runs on; the session waits for a new link until the timer ends it. */
  | { readonly name: 'suspended'; readonly suspension: Suspension; readonly timer: Timer }
  /** One end is going away: what runs is finished, until the timer says otherwise. */
  | {
      readonly name: 'draining';
      readonly attachment: Attachment;
      readonly timer: Timer;
      /** When the timer fires, on the session's clock, in ms. */
      readonly until: number;
      /** Who goes away is who ends the link once all is done. */
      readonly endsHere: boolean;
      /** The other end has heard of it: nothing that it said before is still on its way. */
      readonly isHeard: boolean;
    }
  /**
   * All is done here, but what the other end said before it heard of this may still be on its way.
   * It is asked to answer after that.
   */
  | {
      readonly name: 'parting';
      readonly attachment: Attachment;
      readonly timer: Timer;
      readonly until: number;
    }
  /** The last word is said; the other end has a moment to read it and close. */
  | {
      readonly name: 'ending';
      readonly attachment: Attachment;
      readonly timer: Timer;
      readonly reason: HeartwireError;
    }
  /** The other end left in order, or can't come back. The events that it told before are still handled, until the timer ends it. */
  | { readonly name: 'finishing'; readonly timer: Timer; readonly reason: HeartwireError }
  /** For good. */
  | { readonly name: 'ended'; readonly reason: HeartwireError };

/** A session without a link, that may get a new one. */
export interface Suspension {
  /** On the session's clock, in ms. */
  readonly until: number;
  /** Why the link broke. */
  readonly reason: HeartwireError;
}

/** Ends what a state owns. An attachment goes along to the next state. (An interval is cleared as a timeout is.) */
export function leave(state: SessionState): void {
  if ('timer' in state) clearTimeout(state.timer);
}
