import type { ChatMessage } from '../contract/chat-message.js';
import type { PresenceChange, Whisper } from '../contract/user-view.js';

/** What happens in a user's chat. */
export type UserEvent =
  /** A room's message, one's own too: each once, however often it came. */
  | { readonly type: 'said'; readonly message: ChatMessage }
  /** Somebody's whisper to the user, or the user's own, once it has reached the gateway. */
  | { readonly type: 'whispered'; readonly whisper: Whisper }
  | { readonly type: 'presence'; readonly change: PresenceChange }
  /** The gateway knows who the user is: after each new connection, and with each new nickname. */
  | { readonly type: 'introduced'; readonly nick: string }
  | { readonly type: 'joined'; readonly room: string; readonly members: readonly string[] }
  | { readonly type: 'left'; readonly room: string }
  /** Something that the user wanted won't be: with a `draftId`, something that was written. */
  | { readonly type: 'refused'; readonly what: string; readonly reason: string; readonly draftId?: string };
