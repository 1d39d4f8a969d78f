import type { Arena } from './arena.js';
import { HEARTBEAT } from './contestants.js';

/**
 * How long a silent peer may go unnoticed, in ms: one interval until the ping, which may come 10 % later, the
 * timeout, and a quarter of it for the last question of an end that was late itself; then what a busy machine
 * adds, as each of these timers may be late, and who was late asks once more.
 *
 * @param latestElsewhereMs how late a timer of the process has been at most that notices, where it isn't this one
 */
export function noticedWithinMs({ latestTimerMs }: Arena, latestElsewhereMs = 0): number {
  const latestMs = Math.max(latestTimerMs, latestElsewhereMs);
  return HEARTBEAT.intervalMs * 1.1 + HEARTBEAT.timeoutMs * 1.25 + 700 + 10 * latestMs;
}
