import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { HEARTWIRE, HeartwireContext } from 'heartwire';
import type { Observable } from 'rxjs';

import type { ChatMessage } from '../../contract/chat-message.js';
import { HistoryDto } from '../../contract/history.dto.js';
import { RoomDto } from '../../contract/room.dto.js';
import { UserFault, UserPattern } from '../../contract/user-pattern.js';
import { JoinDto, NickDto, SayDto, WhisperDto } from '../../contract/user.dto.js';
import type { Introduction, JoinedRoom, RoomView, Whisper } from '../../contract/user-view.js';
import { RoomBoard } from './room-board.js';
import { Speech } from './speech.js';
import { ownerOf } from './user-card.js';
import { UserDirectory } from './user-directory.js';
import { UserRefusal } from './user-refusal.js';

/** What users ask over their own connections. */
@Controller()
export class UsersController {
  constructor(
    private readonly users: UserDirectory,
    private readonly board: RoomBoard,
    private readonly speech: Speech,
  ) {}

  @MessagePattern(UserPattern.nick, HEARTWIRE)
  nick(@Payload() { nick, key }: NickDto, @Ctx() { connection }: HeartwireContext): Introduction {
    return { nick: this.users.take(connection.clientId, nick, ownerOf(key)).nick };
  }

  /** Pushes begin before the history is read: what is said in between comes twice rather than not at all. */
  @MessagePattern(UserPattern.join, HEARTWIRE)
  async join(
    @Payload() { room, after }: JoinDto,
    @Ctx() { connection }: HeartwireContext,
  ): Promise<JoinedRoom> {
    this.users.cardOf(connection.clientId);
    await this.board.enter(connection.clientId, room);
    const messages = await this.board.messages(room, after);
    return { room, members: this.users.members(room), messages };
  }

  @MessagePattern(UserPattern.leave, HEARTWIRE)
  leave(@Payload() { room }: RoomDto, @Ctx() { connection }: HeartwireContext): RoomDto {
    this.users.exit(connection.clientId, room);
    return { room };
  }

  @MessagePattern(UserPattern.rooms, HEARTWIRE)
  rooms(): Promise<readonly RoomView[]> {
    return this.board.list();
  }

  @MessagePattern(UserPattern.members, HEARTWIRE)
  members(@Payload() { room }: RoomDto): readonly string[] {
    return this.users.members(room);
  }

  @MessagePattern(UserPattern.online, HEARTWIRE)
  online(): readonly string[] {
    return this.users.people.map(({ nick }) => nick);
  }

  @MessagePattern(UserPattern.say, HEARTWIRE)
  say(
    @Payload() { room, text, draftId }: SayDto,
    @Ctx() { connection }: HeartwireContext,
  ): Observable<ChatMessage> {
    const { nick } = this.users.cardOf(connection.clientId);
    if (!this.users.isIn(connection.clientId, room)) {
      throw new UserRefusal(UserFault.notInRoom, `you are not in ${room}`);
    }
    return this.speech.say({ room, author: nick, text, draftId });
  }

  @MessagePattern(UserPattern.whisper, HEARTWIRE)
  whisper(@Payload() whisper: WhisperDto, @Ctx() { connection }: HeartwireContext): Whisper {
    return this.speech.whisper(this.users.cardOf(connection.clientId).nick, whisper);
  }

  @MessagePattern(UserPattern.history, HEARTWIRE)
  history(@Payload() { room, limit, after }: HistoryDto): Promise<readonly ChatMessage[]> {
    return this.board.messages(room, after, limit);
  }
}
