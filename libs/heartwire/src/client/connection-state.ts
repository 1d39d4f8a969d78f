import type { Dialling } from '../link/dialler.js';
import type { ReconnectOptions } from '../options/reconnect-options.js';

type Timer = ReturnType<typeof setTimeout>;

const RESUMED_STABLE_MS = 1_000;

/** Where a connection to one server stands. A callback that belongs to an earlier state is stale. */
export type ConnectionState =
  /** Not wanted now. */
  | { readonly name: 'idle' }
  /** A link is being opened. */
  | { readonly name: 'dialling'; readonly dial: Dialling }
  /** The link stands; the session is shaking hands. */
  | { readonly name: 'greeting' }
  /** Calls flow. Once the timer has passed, the next backoff starts from its beginning. */
  | {
      readonly name: 'ready';
      readonly stableTimer: Timer;
      /** A session goes on over the link: so many calls had been answered before. */
      readonly resumedAfter: number | undefined;
    }
  /** Until the next dial. */
  | { readonly name: 'waiting'; readonly retryTimer: Timer }
  /** Its server has closed it, as nobody used it. It is opened again when it is needed. */
  | { readonly name: 'resting' }
  /** Not wanted any more: what runs may finish. */
  | { readonly name: 'closing' }
  | { readonly name: 'closed' };

/** How long a link must stand, in ms. A server that still knows the session has not crashed. */
export function stableAfter({ stableAfterMs }: ReconnectOptions, resumed: boolean): number {
  return resumed ? Math.min(stableAfterMs, RESUMED_STABLE_MS) : stableAfterMs;
}

/** Ends what a state owns. */
export function leave(state: ConnectionState): void {
  if (state.name === 'dialling') state.dial.cancel();
  else if (state.name === 'ready') clearTimeout(state.stableTimer);
  else if (state.name === 'waiting') clearTimeout(state.retryTimer);
}
