import { Injectable } from '@nestjs/common';
import { HeartwireHub } from 'heartwire';
import { type Observable, tap } from 'rxjs';

import type { ChatMessage } from '../../contract/chat-message.js';
import { UserFault, UserPush } from '../../contract/user-pattern.js';
import type { WhisperDto } from '../../contract/user.dto.js';
import type { Whisper } from '../../contract/user-view.js';
import { ChatClient, type Post } from '../chat-client.js';
import { hubRoom } from './user-card.js';
import { UserDirectory } from './user-directory.js';
import { UserRefusal } from './user-refusal.js';

/** Brings what is said to whom it is meant for. */
@Injectable()
export class Speech {
  constructor(
    private readonly chat: ChatClient,
    private readonly hub: HeartwireHub,
    private readonly users: UserDirectory,
  ) {}

  /**
   * Stored first, then pushed to everybody in the room. A message that is sent again is pushed again too: a gateway
   * may have crashed in between. Clients know it by its id.
   */
  say(post: Post): Observable<ChatMessage> {
    const room = this.hub.to({ room: hubRoom.ofRoom(post.room) });
    return this.chat.post(post).pipe(tap((message) => room.emit(UserPush.said, message)));
  }

  /** @throws UserRefusal `NOBODY` */
  whisper(from: string, { to, text, draftId }: WhisperDto): Whisper {
    if (this.users.clientsOf(to).length === 0) {
      throw new UserRefusal(UserFault.nobody, `nobody here is called "${to}"`);
    }
    const whisper: Whisper = { draftId, from, to, text, sentAt: new Date().toISOString() };
    this.hub.to({ room: hubRoom.ofNick(to) }).emit(UserPush.whispered, whisper);
    return whisper;
  }
}
