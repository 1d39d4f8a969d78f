import { Body, Controller, Get, HttpCode, HttpStatus, Param, Put } from '@nestjs/common';
import type { Observable } from 'rxjs';

import type { Person } from '../contract/person.js';
import { PersonDto, PresenceStateDto } from '../contract/presence.dto.js';
import { ChatClient } from './chat-client.js';

@Controller('people')
export class PeopleController {
  constructor(private readonly chat: ChatClient) {}

  @Get()
  people(): Observable<readonly Person[]> {
    return this.chat.people();
  }

  @Put(':name')
  @HttpCode(HttpStatus.NO_CONTENT)
  tell(@Param() { name }: PersonDto, @Body() { state }: PresenceStateDto): Observable<undefined> {
    return this.chat.tellPresence(name, state);
  }
}
