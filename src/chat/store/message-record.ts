import type { NewMessage } from './message-store.js';

/** Grows when what older code would read becomes something else. */
const VERSION = 1;

/** How a message is written down. */
export function writeRecord({ author, text, postedAt, draftId }: NewMessage): string {
  return JSON.stringify({ version: VERSION, author, text, postedAt, draftId });
}

/** `undefined` for what is no message, or one of a later version. */
export function readRecord(room: string, record: string | null | undefined): NewMessage | undefined {
  const { version, author, text, postedAt, draftId } = membersOf(record);
  if (version !== VERSION) return undefined;
  if (typeof author !== 'string' || typeof text !== 'string' || typeof postedAt !== 'string')
    return undefined;
  return { room, author, text, postedAt, ...(typeof draftId === 'string' && { draftId }) };
}

function membersOf(record: string | null | undefined): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(record ?? '');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
