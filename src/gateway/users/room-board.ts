import { Injectable } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';

import { ChatLimits } from '../../contract/chat-limits.js';
import type { ChatMessage } from '../../contract/chat-message.js';
import { HISTORY_DEFAULT, HISTORY_MAX } from '../../contract/history.dto.js';
import { UserFault } from '../../contract/user-pattern.js';
import type { RoomView } from '../../contract/user-view.js';
import { ChatClient } from '../chat-client.js';
import { UserDirectory } from './user-directory.js';
import { UserRefusal } from './user-refusal.js';

/** The rooms as users see them: those that have messages, and those that somebody is in. */
@Injectable()
export class RoomBoard {
  constructor(
    private readonly chat: ChatClient,
    private readonly users: UserDirectory,
  ) {}

  async list(): Promise<readonly RoomView[]> {
    const kept = await firstValueFrom(this.chat.rooms());
    const messages = new Map(kept.map((room) => [room.name, room.messages]));
    return [...this.namesOf(kept)].map((name) => {
      return { name, messages: messages.get(name) ?? 0, members: this.users.members(name).length };
    });
  }

  /** @throws UserRefusal `TOO_MANY_ROOMS` when it would make a room too many, and as `UserDirectory.enter` */
  async enter(clientId: string, room: string): Promise<void> {
    if (this.users.members(room).length === 0) {
      const kept = await firstValueFrom(this.chat.rooms());
      // Others may have made rooms meanwhile: from here to the entrance nothing is waited for.
      const names = this.namesOf(kept);
      if (names.size >= ChatLimits.rooms && !names.has(room)) throw tooManyRooms();
    }
    this.users.enter(clientId, room);
  }

  /** Of all rooms: those that have messages, and those that somebody is in now. */
  private namesOf(kept: readonly { readonly name: string }[]): ReadonlySet<string> {
    return new Set([...kept.map(({ name }) => name), ...this.users.rooms]);
  }

  /** Nothing, of a room that has no messages. */
  async messages(
    room: string,
    after: string | undefined,
    limit = after === undefined ? HISTORY_DEFAULT : HISTORY_MAX,
  ): Promise<readonly ChatMessage[]> {
    try {
      return await firstValueFrom(this.chat.history({ room, limit, after }));
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}

function tooManyRooms(): UserRefusal {
  const message = `there are ${String(ChatLimits.rooms)} rooms already, and no more can be made`;
  return new UserRefusal(UserFault.tooManyRooms, message);
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'getStatus' in error && (error.getStatus as () => number)() === 404;
}
