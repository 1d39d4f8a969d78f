import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { type HeartwireClientOptions, HeartwireModule, type HeartwireServer } from 'heartwire';

import { ChatClient } from './chat-client.js';
import { CHAT, CHAT_URL, FILES } from './chat-token.js';
import { ConnectionMonitor } from './connection-monitor.js';
import { FilesController } from './files.controller.js';
import { FollowService } from './follow.service.js';
import { HealthController } from './health.controller.js';
import { PeopleController } from './people.controller.js';
import { RoomsController } from './rooms.controller.js';
import { RunningRequests } from './running-requests.js';
import { PresencePushes } from './users/presence-pushes.js';
import { RoomBoard } from './users/room-board.js';
import { Speech } from './users/speech.js';
import { UserDirectory } from './users/user-directory.js';
import { UsersController } from './users/users.controller.js';

/** How the gateway reaches a service. */
export type ChatConnectionOptions = Omit<HeartwireClientOptions, 'url' | 'urls'> & { readonly url: string };

@Module({
  controllers: [RoomsController, PeopleController, HealthController, UsersController],
  providers: [
    ChatClient,
    FollowService,
    ConnectionMonitor,
    RunningRequests,
    UserDirectory,
    RoomBoard,
    Speech,
    PresencePushes,
  ],
})
export class GatewayModule implements NestModule {
  /** Without `files` it serves no files. */
  static to(
    chat: ChatConnectionOptions,
    files: ChatConnectionOptions | undefined,
    users: HeartwireServer,
  ): DynamicModule {
    return {
      module: GatewayModule,
      controllers: files === undefined ? [] : [FilesController],
      imports: [
        HeartwireModule.forServer(users),
        HeartwireModule.register([
          { ...chat, name: CHAT },
          ...(files === undefined ? [] : [{ ...files, name: FILES }]),
        ]),
        // What is down is told to whoever asks; the connection has a log of its own.
        TerminusModule.forRoot({ logger: false }),
      ],
      providers: [{ provide: CHAT_URL, useValue: chat.url }],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RunningRequests).forRoutes('{*path}');
  }
}
