import { type DynamicModule, Module } from '@nestjs/common';

import { ChatController } from './chat.controller.js';
import { MESSAGE_STORE } from './message-store-token.js';
import { PeopleService } from './people.service.js';
import { RoomsService } from './rooms.service.js';
import type { MessageStore } from './store/message-store.js';

@Module({ controllers: [ChatController], providers: [RoomsService, PeopleService] })
export class ChatModule {
  /** The store is closed with the application. */
  static over(store: MessageStore): DynamicModule {
    return { module: ChatModule, providers: [{ provide: MESSAGE_STORE, useValue: store }] };
  }
}
