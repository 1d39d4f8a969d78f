import { ConflictException } from '@nestjs/common';
import type { Observable } from 'rxjs';

import { ChatLimits } from '../../contract/chat-limits.js';
import type { ChatMessage, FollowPage, RoomSummary } from '../../contract/chat-message.js';

/** A message that has no place in its room yet. */
export type NewMessage = Omit<ChatMessage, 'id'>;

export interface StoreBounds {
  /** Rooms that have messages; the lobby always counts. */
  readonly rooms: number;
  /** The newest ones are kept. */
  readonly messagesPerRoom: number;
}

export const STORE_BOUNDS: StoreBounds = {
  rooms: ChatLimits.rooms,
  messagesPerRoom: ChatLimits.messagesPerRoom,
};

/** There from the beginning, with or without messages. */
export const LOBBY = 'lobby';

/** Which messages are wanted: the newest ones, or the oldest of those after one. */
export interface Range {
  readonly limit: number;
  /** An `id`, or the `cursor` of a page. A text that is neither stands before all messages. */
  readonly after?: string | undefined;
}

/**
 * Where the messages of all rooms are kept, in order. What `append` has given back outlives a crash of this
 * process. One that can't be read is left out, and stops nothing.
 */
export interface MessageStore {
  /** Tells of a room that has a new message, in its place; `undefined`: any room may have. */
  readonly changed$: Observable<string | undefined>;

  /**
   * Stores a message, or gives back the one that the room has already under its `draftId`. The first message makes a
   * room.
   *
   * @throws ConflictException when it would make a room too many
   */
  append(message: NewMessage): Promise<ChatMessage>;

  rooms(): Promise<readonly RoomSummary[]>;

  /** One page, the oldest message first; an empty one, with a cursor all the same, where there is nothing. */
  read(room: string, range: Range): Promise<FollowPage>;

  has(room: string): Promise<boolean>;

  /** Finishes what is being written. `changed$` completes. */
  close(): Promise<void>;
}

export function tooManyRooms({ rooms }: StoreBounds): ConflictException {
  return new ConflictException(`there are ${String(rooms)} rooms already, and no more can be made`);
}
