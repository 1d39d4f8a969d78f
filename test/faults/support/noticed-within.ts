import type { Arena } from './arena.js';
import { HEARTBEAT } from './contestants.js';

/**
 * How long a silent peer may go unnoticed, in ms: one interval until the ping, which may come 10 % later, the
 * timeout, and a quarter of it for the last question of an end that was late itself; then what a busy machine
 * adds, as each of these timers may be late.
 */
export function noticedWithinMs({ latestTimerMs }: Arena): number {
  return HEARTBEAT.intervalMs * 1.1 + HEARTBEAT.timeoutMs * 1.25 + 700 + 3 * latestTimerMs;
}
