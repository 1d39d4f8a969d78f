import type { Place } from '../user/outbox.js';
import { ConversationLog } from './conversation-log.js';

/** A place with what was said there. */
export interface Conversation {
  readonly place: Place;
  readonly log: ConversationLog;
  /** What came while another one was open. */
  unread: number;
}

export function newConversation(place: Place): Conversation {
  return { place, log: new ConversationLog(), unread: 0 };
}

/** The same for the same place. Nicknames that differ only in case are one. */
export function keyOf(place: Place): string {
  return 'room' in place ? `#${place.room}` : `@${place.nick.normalize('NFKC').toLowerCase()}`;
}

export function titleOf(place: Place): string {
  return 'room' in place ? `#${place.room}` : `@${place.nick}`;
}
