import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';

/**
 * A target that names nobody is a mistake of the program. In `except` it would let through what somebody must not get.
 *
 * @throws HeartwireError `INVALID_OPTIONS`
 */
export function checkTargets(targets: readonly unknown[]): void {
  for (const target of targets) if (!isTarget(target)) throw refusal(TARGET);
}

/** @throws HeartwireError `INVALID_OPTIONS` */
export function checkRoom(room: unknown): void {
  if (typeof room !== 'string')
    throw refusal(`a room is named by a string, not by a value of type ${typeof room}`);
}

const TARGET =
  'a target must be a string, or { client }, { room } or { identity } with a string; several are given one by one';

function isTarget(target: unknown): boolean {
  if (typeof target === 'string') return true;
  if (typeof target !== 'object' || target === null) return false;
  const { client, room, identity } = target as Readonly<Record<string, unknown>>;
  const names = [client, room, identity].filter((name) => name !== undefined);
  return names.length === 1 && typeof names[0] === 'string';
}

function refusal(message: string): HeartwireError {
  return new HeartwireError(ErrorCode.INVALID_OPTIONS, message);
}
