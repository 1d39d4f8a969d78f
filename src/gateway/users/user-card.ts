import { createHash } from 'node:crypto';

/** What every gateway has to know of a user. */
export interface UserCard {
  readonly nick: string;
  /** Tells whether two clients are of the same user; nobody can tell the user's key from it. */
  readonly owner: string;
  /** When the nickname was taken: ISO 8601. */
  readonly since: string;
}

const ROOM = 'room:';
const NICK = 'nick:';
const CARD = 'card:';

/**
 * The names of the hub's rooms. A client is in one for each room of the chat that it is in, and in two that tell the other
 * gateways who it is: one that has its user's nickname, by which it is found, and one that is its user's card.
 */
export const hubRoom = {
  ofRoom: (room: string): string => `${ROOM}${room}`,
  /** Nicknames that differ only in case are one. */
  ofNick: (nick: string): string => `${NICK}${nick.normalize('NFKC').toLowerCase()}`,
  ofCard: ({ nick, owner, since }: UserCard): string => `${CARD}${JSON.stringify([nick, owner, since])}`,

  /** The room of the chat that it is for, if it is. */
  room: (name: string): string | undefined => (name.startsWith(ROOM) ? name.slice(ROOM.length) : undefined),
  card: (name: string): UserCard | undefined => {
    if (!name.startsWith(CARD)) return undefined;
    const [nick, owner, since] = JSON.parse(name.slice(CARD.length)) as [string, string, string];
    return { nick, owner, since };
  },
  isNick: (name: string): boolean => name.startsWith(NICK),
};

export function ownerOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}
