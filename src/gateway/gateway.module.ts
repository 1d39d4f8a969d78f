import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import {
  type HeartwireClient,
  type HeartwireClientOptions,
  HeartwireModule,
  type HeartwireServer,
} from 'heartwire';

import { ChatClient } from './chat-client.js';
import { ConnectionMonitor, type Service } from './connection-monitor.js';
import { FilesController } from './files.controller.js';
import { FollowService } from './follow.service.js';
import { HealthController } from './health.controller.js';
import { PeopleController } from './people.controller.js';
import { RoomsController } from './rooms.controller.js';
import { RunningRequests } from './running-requests.js';
import { CHAT, FILES, SERVICES } from './service-token.js';
import { BehindPushes } from './users/behind-pushes.js';
import { NicknameContest } from './users/nickname-contest.js';
import { OwnClients } from './users/own-clients.js';
import { PresencePushes } from './users/presence-pushes.js';
import { RoomBoard } from './users/room-board.js';
import { Speech } from './users/speech.js';
import { UserDirectory } from './users/user-directory.js';
import { UsersFarewell } from './users/users-farewell.js';
import { UsersController } from './users/users.controller.js';

/** How the gateway reaches a service. */
export type ServiceOptions = Omit<HeartwireClientOptions, 'url' | 'urls'> & { readonly url: string };

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
    OwnClients,
    PresencePushes,
    BehindPushes,
    NicknameContest,
    UsersFarewell,
  ],
})
export class GatewayModule implements NestModule {
  /** Without `files` it serves no files. */
  static to(chat: ServiceOptions, files: ServiceOptions | undefined, users: HeartwireServer): DynamicModule {
    const services = [
      { token: CHAT, name: 'chat', options: chat },
      ...(files === undefined ? [] : [{ token: FILES, name: 'files', options: files }]),
    ];
    return {
      module: GatewayModule,
      controllers: files === undefined ? [] : [FilesController],
      imports: [
        HeartwireModule.forServer(users),
        HeartwireModule.register(services.map(({ token, options }) => ({ ...options, name: token }))),
        // What is down is told to whoever asks; the connections have a log of their own.
        TerminusModule.forRoot({ logger: false }),
      ],
      providers: [
        {
          provide: SERVICES,
          inject: services.map(({ token }) => token),
          useFactory: (...clients: HeartwireClient[]): Service[] =>
            clients.flatMap((client, index) => {
              const service = services[index];
              return service === undefined ? [] : [{ name: service.name, url: service.options.url, client }];
            }),
        },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RunningRequests).forRoutes('{*path}');
  }
}
