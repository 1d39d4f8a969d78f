import { Body, Controller, Get, Headers, type MessageEvent, Param, Post, Query, Sse } from '@nestjs/common';
import type { Observable } from 'rxjs';

import type { ChatMessage, RoomSummary } from '../contract/chat-message.js';
import { isMessageId } from '../contract/fields.js';
import { HistoryRangeDto } from '../contract/history.dto.js';
import { MessageBodyDto } from '../contract/post-message.dto.js';
import { RoomDto } from '../contract/room.dto.js';
import { ChatClient } from './chat-client.js';
import { FollowService } from './follow.service.js';
import { Speech } from './users/speech.js';

@Controller('rooms')
export class RoomsController {
  constructor(
    private readonly chat: ChatClient,
    private readonly following: FollowService,
    private readonly speech: Speech,
  ) {}

  @Get()
  rooms(): Observable<readonly RoomSummary[]> {
    return this.chat.rooms();
  }

  @Get(':room/messages')
  history(
    @Param() { room }: RoomDto,
    @Query() { limit }: HistoryRangeDto,
  ): Observable<readonly ChatMessage[]> {
    return this.chat.history({ room, limit });
  }

  @Post(':room/messages')
  post(
    @Param() { room }: RoomDto,
    @Body() { author, text, draftId }: MessageBodyDto,
  ): Observable<ChatMessage> {
    return this.speech.say({ room, author, text, ...(draftId !== undefined && { draftId }) });
  }

  /** A browser that lost this stream asks again by itself, with the id of the last message it has. */
  @Sse(':room/follow')
  follow(
    @Param() { room }: RoomDto,
    @Headers('last-event-id') lastEventId?: string,
  ): Observable<MessageEvent> {
    return this.following.follow(room, isMessageId(lastEventId) ? lastEventId : undefined);
  }
}
