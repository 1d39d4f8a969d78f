/** What a user's client asks a gateway, from a terminal or a browser. */
export const UserPattern = {
  /** `NickDto`; answers with `Introduction`. Comes before all others, and again over each new connection. */
  nick: 'chat.nick',
  /** `JoinDto`; answers with `JoinedRoom`. May be made again. */
  join: 'chat.join',
  /** `RoomDto`. May be made again. */
  leave: 'chat.leave',
  /** Answers with `RoomView[]`. */
  rooms: 'chat.rooms',
  /** `RoomDto`; answers with nicknames. */
  members: 'chat.members',
  /** Answers with the nicknames of everybody. */
  online: 'chat.online',
  /** `SayDto`; answers with the `ChatMessage`. May be made again: it is stored once. */
  say: 'chat.say',
  /** `WhisperDto`; answers with the `Whisper`. Made again, it reaches the other again, with the same `draftId`. */
  whisper: 'chat.whisper',
  /** `HistoryDto`; answers with `ChatMessage[]`. */
  history: 'chat.history',
} as const;

/** What a gateway pushes to its users. */
export const UserPush = {
  /** `ChatMessage`, to everybody in its room, its author too. It may come twice: its `id` tells. */
  said: 'chat.said',
  /** `Whisper`. */
  whispered: 'chat.whispered',
  /** `PresenceChange`. */
  presence: 'chat.presence',
  /** `LostNickname`: somebody else took it a moment before, at another gateway. */
  lostNickname: 'chat.lostNickname',
  /** Nothing with it: what was said at other gateways may not have come. It is in the rooms' histories. */
  behind: 'chat.behind',
} as const;

/** The `code` of a refusal that a program may act on. */
export const UserFault = {
  /** Say who you are first. */
  noNickname: 'NO_NICKNAME',
  /** Somebody else who is online has it. */
  nicknameTaken: 'NICKNAME_TAKEN',
  /** Only those who are in a room may speak there. */
  notInRoom: 'NOT_IN_ROOM',
  roomFull: 'ROOM_FULL',
  tooManyRooms: 'TOO_MANY_ROOMS',
  /** Nobody who is online has that nickname. */
  nobody: 'NOBODY',
} as const;

export type UserFault = (typeof UserFault)[keyof typeof UserFault];
