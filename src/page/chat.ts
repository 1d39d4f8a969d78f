import { Subject } from 'rxjs';

import type { ChatUser } from '../user/chat-user.js';
import type { Place } from '../user/outbox.js';
import type { UserEvent } from '../user/user-event.js';
import { titleOf } from './conversation.js';
import { Conversations } from './conversations.js';
import { Roster } from './roster.js';

/** What a page does for its user, and what came of it. */
export class Chat {
  readonly conversations = new Conversations();
  readonly roster = new Roster();
  /** What the user has to be told: something that won't be. */
  readonly notices$ = new Subject<string>();
  /** What the user is called, and the rooms: each time they may have changed. */
  readonly changed$ = new Subject<void>();

  constructor(private readonly user: ChatUser) {}

  /** Begins, in these rooms. */
  start(rooms: readonly string[]): void {
    this.user.events$.subscribe((event) => this.take(event));
    for (const room of rooms) this.join(room);
    this.user.start();
  }

  get nick(): string {
    return this.user.nick;
  }

  get rooms(): readonly string[] {
    return this.user.joinedRooms;
  }

  rename(nick: string): void {
    this.user.rename(nick);
  }

  join(room: string): void {
    this.conversations.show({ room });
    this.user.join(room);
    this.changed$.next();
  }

  /** Leaves a room; a conversation with a person is only put away. */
  leave(place: Place): void {
    this.conversations.close(place);
    if ('room' in place) this.user.leave(place.room);
    this.changed$.next();
  }

  /** Returns whether it could be kept for sending. */
  speak(place: Place, text: string): boolean {
    try {
      // A file may be stored only after its room was left; to write there would open the room again, with nobody in it.
      if ('room' in place && !this.rooms.includes(place.room)) throw new Error('you have left the room');
      const draftId = 'room' in place ? this.user.say(place.room, text) : this.user.whisper(place.nick, text);
      this.conversations.expect(place, draftId, text);
      return true;
    } catch (thrown) {
      this.notices$.next(`${titleOf(place)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      return false;
    }
  }

  /** The names of all rooms. */
  async allRooms(): Promise<readonly string[]> {
    return (await this.user.rooms()).map(({ name }) => name);
  }

  private take(event: UserEvent): void {
    this.conversations.take(event, this.nick);
    if (event.type === 'presence') this.roster.apply(event.change);
    if (event.type === 'introduced') this.refreshRoster();
    if (event.type === 'refused') this.refused(event.what, event.reason);
    this.changed$.next();
  }

  private refused(what: string, reason: string): void {
    const isOpen = this.conversations.list.some(({ place }) => 'room' in place && place.room === what);
    if (isOpen && !this.rooms.includes(what)) this.conversations.close({ room: what });
    this.notices$.next(`${what}: ${reason}`);
  }

  private refreshRoster(): void {
    const lists = async () => {
      const [online, ...rooms] = await Promise.all([
        this.user.online(),
        ...this.rooms.map(async (room) => [room, await this.user.members(room)] as const),
      ]);
      return { online, rooms };
    };
    // Where it fails the connection is gone; with the next one it is asked again.
    this.roster.refresh(lists).catch(() => undefined);
  }
}
