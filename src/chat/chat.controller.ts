import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { Observable } from 'rxjs';

import type { ChatMessage, FollowPage, RoomSummary } from '../contract/chat-message.js';
import { ChatPattern } from '../contract/chat-pattern.js';
import { FollowDto } from '../contract/follow.dto.js';
import { HistoryDto } from '../contract/history.dto.js';
import type { Person } from '../contract/person.js';
import { PostMessageDto } from '../contract/post-message.dto.js';
import { PresenceDto } from '../contract/presence.dto.js';
import { PeopleService } from './people.service.js';
import { RoomsService } from './rooms.service.js';

@Controller()
export class ChatController {
  constructor(
    private readonly rooms: RoomsService,
    private readonly people: PeopleService,
  ) {}

  @MessagePattern(ChatPattern.rooms)
  listRooms(): Promise<readonly RoomSummary[]> {
    return this.rooms.list();
  }

  @MessagePattern(ChatPattern.post)
  post(@Payload() message: PostMessageDto): Promise<ChatMessage> {
    return this.rooms.post(message);
  }

  @MessagePattern(ChatPattern.history)
  history(@Payload() range: HistoryDto): Promise<readonly ChatMessage[]> {
    return this.rooms.history(range);
  }

  @MessagePattern(ChatPattern.follow)
  follow(@Payload() { room, after }: FollowDto): Observable<FollowPage> {
    return this.rooms.follow(room, after);
  }

  @MessagePattern(ChatPattern.people)
  listPeople(): readonly Person[] {
    return this.people.list();
  }

  @EventPattern(ChatPattern.presence)
  presence(@Payload() presence: PresenceDto): void {
    this.people.tell(presence);
  }
}
