import { Inject, Injectable, NotFoundException, type OnApplicationShutdown } from '@nestjs/common';
import { type Observable, Subject, takeUntil } from 'rxjs';

import type { ChatMessage, FollowPage, RoomSummary } from '../contract/chat-message.js';
import type { HistoryDto } from '../contract/history.dto.js';
import type { PostMessageDto } from '../contract/post-message.dto.js';
import { followRoom } from './follow-room.js';
import { MESSAGE_STORE } from './message-store-token.js';
import type { MessageStore } from './store/message-store.js';
import { SharedReads } from './store/shared-reads.js';

/** The rooms and what was said in them. The first message makes a room. */
@Injectable()
export class RoomsService implements OnApplicationShutdown {
  private readonly ended$ = new Subject<void>();
  private readonly followed: SharedReads;

  constructor(@Inject(MESSAGE_STORE) private readonly store: MessageStore) {
    this.followed = new SharedReads(store);
  }

  list(): Promise<readonly RoomSummary[]> {
    return this.store.rooms();
  }

  post({ room, author, text, draftId }: PostMessageDto): Promise<ChatMessage> {
    const postedAt = new Date().toISOString();
    return this.store.append({ room, author, text, postedAt, ...(draftId !== undefined && { draftId }) });
  }

  async history({ room, limit, after }: HistoryDto): Promise<readonly ChatMessage[]> {
    const { messages } = await this.store.read(room, { limit, after });
    if (messages.length === 0 && !(await this.store.has(room))) {
      throw new NotFoundException(`there is no room "${room}"`);
    }
    return messages;
  }

  /** Also for a room that nobody has made yet. It ends with {@link endFollowing}. */
  follow(room: string, after: string | undefined): Observable<FollowPage> {
    return followRoom(this.followed, room, after).pipe(takeUntil(this.ended$));
  }

  endFollowing(): void {
    this.ended$.next();
  }

  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}
