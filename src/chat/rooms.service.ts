import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { concat, defer, filter, from, map, type Observable, Subject } from 'rxjs';

import type { ChatMessage, FollowPage, RoomSummary } from '../contract/chat-message.js';
import { HISTORY_DEFAULT } from '../contract/history.dto.js';
import type { PostMessageDto } from '../contract/post-message.dto.js';
import { MessageNumbering } from './message-numbering.js';
import { Room } from './room.js';

const MAX_ROOMS = 100;
const MAX_MESSAGES_PER_ROOM = 500;
/** Keeps a page of the longest messages well below the largest frame. */
const PAGE_MESSAGES = 100;

/** The rooms and what was said in them, in memory. The first message makes a room. */
@Injectable()
export class RoomsService {
  private readonly rooms = new Map([['lobby', new Room(MAX_MESSAGES_PER_ROOM)]]);
  private readonly numbering = new MessageNumbering();
  private readonly posted$ = new Subject<ChatMessage>();

  list(): readonly RoomSummary[] {
    return [...this.rooms].map(([name, room]) => ({ name, messages: room.size }));
  }

  post({ room: name, author, text }: PostMessageDto): ChatMessage {
    const room = this.rooms.get(name) ?? this.open(name);
    const { id, number } = this.numbering.next();
    const message: ChatMessage = { id, room: name, author, text, postedAt: new Date().toISOString() };
    room.add(number, message);
    this.posted$.next(message);
    return message;
  }

  history(name: string, limit: number): readonly ChatMessage[] {
    const room = this.rooms.get(name);
    if (room === undefined) throw new NotFoundException(`there is no room "${name}"`);
    return room.latest(limit);
  }

  /**
   * First what the room has after a message (or its recent messages), then what comes. Also for a
   * room that nobody has made yet. It ends with {@link endFollowing}.
   */
  follow(name: string, after: string | undefined): Observable<FollowPage> {
    const live$ = this.posted$.pipe(
      filter(({ room }) => room === name),
      map((message) => ({ messages: [message], cursor: message.id })),
    );
    return defer(() => concat(from(this.pages(name, after)), live$));
  }

  endFollowing(): void {
    this.posted$.complete();
  }

  private pages(name: string, after: string | undefined): readonly FollowPage[] {
    const room = this.rooms.get(name);
    const known =
      after === undefined ? room?.latest(HISTORY_DEFAULT) : room?.after(this.numbering.numberOf(after));
    return inPages(known ?? [], this.numbering.cursor);
  }

  private open(name: string): Room {
    if (this.rooms.size >= MAX_ROOMS) {
      throw new ConflictException(`there are ${String(MAX_ROOMS)} rooms already, and no more can be made`);
    }
    const room = new Room(MAX_MESSAGES_PER_ROOM);
    this.rooms.set(name, room);
    return room;
  }
}

/** At least one page, which ends at the newest message of all rooms. */
function inPages(messages: readonly ChatMessage[], end: string): readonly FollowPage[] {
  const pages: FollowPage[] = [];
  for (let start = 0; start < messages.length; start += PAGE_MESSAGES) {
    const page = messages.slice(start, start + PAGE_MESSAGES);
    pages.push({ messages: page, cursor: page.at(-1)?.id ?? end });
  }
  return pages.length > 0 ? pages : [{ messages: [], cursor: end }];
}
