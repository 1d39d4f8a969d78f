/** What the chat bounds. */
export const ChatLimits = {
  /** Rooms that have messages, or somebody in them. */
  rooms: 100,
  /** Messages that a room keeps: the newest ones. */
  messagesPerRoom: 500,
  /** Messages in one answer. */
  historyPage: 100,
  /** Users in one room. */
  membersPerRoom: 1_000,
  /** Rooms that one user is in at once. */
  roomsPerUser: 20,
  /** In characters. */
  text: 2_000,
} as const;
