import { ChatLimits } from '../contract/chat-limits.js';
import type { ChatMessage } from '../contract/chat-message.js';
import { RecentIds } from './recent-ids.js';

/** More than a room keeps, so that nothing that may come again is forgotten. */
const REMEMBERED = 2 * ChatLimits.messagesPerRoom;
/** Stands before all messages. */
const BEGINNING = '0';

/** What a user has seen of a room: each message is let through once. */
export class RoomLog {
  private readonly seen = new RecentIds(REMEMBERED);
  private held: ChatMessage[] | undefined;
  private wasJoined = false;
  /** What was read last. Up to there nothing is missing; what is pushed may come in another order, or not at all. */
  private readTo = BEGINNING;

  constructor(private readonly show: (message: ChatMessage) => void) {}

  /** After which message the room is read on; `undefined` the first time. */
  get after(): string | undefined {
    return this.wasJoined ? this.readTo : undefined;
  }

  /** What comes from now on waits, until what came before has been read. */
  hold(): void {
    this.held ??= [];
  }

  /** All of that has been read. */
  release(): void {
    this.wasJoined = true;
    const { held = [] } = this;
    this.held = undefined;
    for (const message of held) this.showOnce(message);
  }

  /** Something that was pushed. */
  hear(message: ChatMessage): void {
    const { held } = this;
    if (held === undefined) this.showOnce(message);
    // What goes here is read, or the room doesn't keep it either.
    else if (held.push(message) > ChatLimits.messagesPerRoom) held.shift();
  }

  /** Something that was read. */
  pass(message: ChatMessage): void {
    this.readTo = message.id;
    this.showOnce(message);
  }

  private showOnce(message: ChatMessage): void {
    if (this.seen.add(message.id)) this.show(message);
  }
}
