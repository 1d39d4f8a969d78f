import type { Session } from '../session/session.js';

/** As many sessions of a connection may finish what runs on them, for as long as their server says. */
const MAX_LEAVING = 16;

/**
 * A server says how long it takes to go away. One that says so again and again, and is never done with it, must not
 * make its client hold ever more connections open: what runs on those beyond the bound has `drainTimeoutMs`.
 *
 * @param leaving in the order in which they were left; to be called with each that is added
 */
export function limitLeaving(leaving: ReadonlySet<Session>, drainTimeoutMs: number): void {
  const first = [...leaving].at(-1 - MAX_LEAVING);
  first?.drain('closed', drainTimeoutMs);
}
