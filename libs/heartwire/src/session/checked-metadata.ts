import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Metadata } from '../protocol/messages.js';

/** A copy, as it may travel; nothing when it is empty. @throws HeartwireError `UNSERIALIZABLE` for what is no object of texts */
export function checkedMetadata(
  metadata: Readonly<Record<string, unknown>> | undefined,
): Metadata | undefined {
  if (metadata === undefined) return undefined;
  if (typeof metadata !== 'object') throw unsayable('metadata', 'an object');
  const copy = { ...metadata };
  const keys = Object.keys(copy);
  for (const key of keys) {
    if (typeof copy[key] !== 'string') throw unsayable(`metadata.${key}`, 'a string');
  }
  return keys.length > 0 ? (copy as Metadata) : undefined;
}

function unsayable(path: string, what: string): HeartwireError {
  return new HeartwireError(ErrorCode.UNSERIALIZABLE, `${path} must be ${what}`);
}
