import type { ChatMessage } from './chat-message.js';

export interface Introduction {
  /** As it was taken. */
  readonly nick: string;
}

export interface RoomView {
  readonly name: string;
  /** Messages that are kept. */
  readonly messages: number;
  /** How many people are in it now. */
  readonly members: number;
}

export interface JoinedRoom {
  readonly room: string;
  /** Nicknames, in order. */
  readonly members: readonly string[];
  /**
   * Oldest first: those after the one that was named, or else the newest ones. As many as `HISTORY_MAX` of the former
   * mean that `chat.history` has more.
   */
  readonly messages: readonly ChatMessage[];
}

/** Said to one person; kept nowhere. */
export interface Whisper {
  readonly draftId: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** ISO 8601. */
  readonly sentAt: string;
}

/** One person may be there several times, with several clients: it counts once. */
export type PresenceChange =
  | { readonly type: 'online' | 'offline'; readonly nick: string }
  | { readonly type: 'joined' | 'left'; readonly nick: string; readonly room: string }
  | { readonly type: 'nick'; readonly nick: string; readonly before: string };

/** The user has no nickname now, and is in no room. */
export interface LostNickname {
  readonly nick: string;
}
