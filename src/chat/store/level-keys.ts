/** Enough for the largest safe integer, so that keys sort as their numbers do. */
const DIGITS = 16;

const MESSAGES = 'message!';

/** Names the store itself, apart from its messages. */
export const STORE_KEY = 'store';

export function messageKey(room: string, number: number): string {
  return `${MESSAGES}${room}!${String(number).padStart(DIGITS, '0')}`;
}

export function parseMessageKey(key: string): { readonly room: string; readonly number: number } | undefined {
  const [, room, number] = /^message!([^!]+)!(\d{16})$/.exec(key) ?? [];
  return room === undefined || number === undefined ? undefined : { room, number: Number(number) };
}

/** The keys of all messages. */
export const ALL_MESSAGES = { gt: MESSAGES, lt: `${MESSAGES}~` } as const;

/** The keys of a room's messages after a number. */
export function messagesAfter(room: string, number: number): { readonly gt: string; readonly lt: string } {
  return { gt: messageKey(room, number), lt: `${MESSAGES}${room}!~` };
}
