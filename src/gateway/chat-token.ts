/** Injects the Heartwire client of the chat service. */
export const CHAT = 'CHAT';
/** Injects the URL of the chat service. */
export const CHAT_URL = 'CHAT_URL';
/** Injects the Heartwire client of the files service. */
export const FILES = 'FILES';
