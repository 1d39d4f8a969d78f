/** What `chat` can be asked and told. */
export const ChatPattern = {
  rooms: 'chat.rooms',
  post: 'chat.post',
  history: 'chat.history',
  follow: 'chat.follow',
  people: 'chat.people',
  /** An event. */
  presence: 'chat.presence',
} as const;
