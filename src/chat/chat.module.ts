import { Module } from '@nestjs/common';

import { ChatController } from './chat.controller.js';
import { PeopleService } from './people.service.js';
import { RoomsService } from './rooms.service.js';

@Module({ controllers: [ChatController], providers: [RoomsService, PeopleService] })
export class ChatModule {}
