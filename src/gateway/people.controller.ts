import { Body, Controller, Get, HttpCode, HttpStatus, Param, Put } from '@nestjs/common';
import { map, type Observable } from 'rxjs';

import type { Person } from '../contract/person.js';
import { PersonDto, PresenceStateDto } from '../contract/presence.dto.js';
import { ChatClient } from './chat-client.js';
import { UserDirectory } from './users/user-directory.js';

@Controller('people')
export class PeopleController {
  constructor(
    private readonly chat: ChatClient,
    private readonly users: UserDirectory,
  ) {}

  /** Who is connected, and who was told to be there; what was told of somebody counts. */
  @Get()
  people(): Observable<readonly Person[]> {
    return this.chat.people().pipe(
      map((told) => {
        const connected = this.users.people.map(({ nick, since }): Person => {
          return { name: nick, state: 'online', since };
        });
        return [...new Map([...connected, ...told].map((person) => [person.name, person])).values()];
      }),
    );
  }

  @Put(':name')
  @HttpCode(HttpStatus.NO_CONTENT)
  tell(@Param() { name }: PersonDto, @Body() { state }: PresenceStateDto): Observable<undefined> {
    return this.chat.tellPresence(name, state);
  }
}
