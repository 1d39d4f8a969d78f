import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Metadata } from '../protocol/messages.js';

/** Metadata as it may travel; nothing when it is empty. @throws HeartwireError `UNSERIALIZABLE` for what is no text */
export function checkedMetadata(metadata: Readonly<Record<string, unknown>>): Metadata | undefined {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue;
    const message = `metadata.${key} must be a string, not ${typeof value}`;
    throw new HeartwireError(ErrorCode.UNSERIALIZABLE, message, { sent: 'never' });
  }
  return Object.keys(metadata).length === 0 ? undefined : (metadata as Metadata);
}
