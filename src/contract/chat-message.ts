export interface ChatMessage {
  /** Unique; where to go on after. Opaque to everyone but the service that gave it. */
  readonly id: string;
  readonly room: string;
  readonly author: string;
  readonly text: string;
  /** ISO 8601. */
  readonly postedAt: string;
  /** What its writer called it: the same message, sent again, is stored once. Missing where the writer gave none. */
  readonly draftId?: string;
}

export interface RoomSummary {
  readonly name: string;
  /** Messages that are still kept. */
  readonly messages: number;
}

/**
 * What a follower gets. The first page comes at once, though it may be empty: a call's deadline
 * bounds its first item, and a quiet room is no failure.
 */
export interface FollowPage {
  readonly messages: readonly ChatMessage[];
  /** Where to go on after this page, also when it is empty. */
  readonly cursor: string;
}
