import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Metadata } from '../protocol/messages.js';

/** A copy, as it may travel; nothing when it is empty. @throws HeartwireError `UNSERIALIZABLE` for what is no text */
export function checkedMetadata(
  metadata: Readonly<Record<string, unknown>> | undefined,
): Metadata | undefined {
  if (metadata === undefined) return undefined;
  const copy = { ...metadata };
  const keys = Object.keys(copy);
  for (const key of keys) {
    if (typeof copy[key] !== 'string')
      throw new HeartwireError(ErrorCode.UNSERIALIZABLE, `metadata.${key} must be a string`);
  }
  return keys.length > 0 ? (copy as Metadata) : undefined;
}
