import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { type HeartwireClientOptions, HeartwireModule } from 'heartwire';

import { ChatClient } from './chat-client.js';
import { CHAT, CHAT_URL, FILES } from './chat-token.js';
import { ConnectionMonitor } from './connection-monitor.js';
import { FilesController } from './files.controller.js';
import { FollowService } from './follow.service.js';
import { HealthController } from './health.controller.js';
import { PeopleController } from './people.controller.js';
import { RoomsController } from './rooms.controller.js';
import { RunningRequests } from './running-requests.js';

/** How the gateway reaches a service. */
export type ChatConnectionOptions = Omit<HeartwireClientOptions, 'url' | 'urls'> & { readonly url: string };

@Module({
  controllers: [RoomsController, PeopleController, HealthController],
  providers: [ChatClient, FollowService, ConnectionMonitor, RunningRequests],
})
export class GatewayModule implements NestModule {
  /** Without `files` it serves no files. */
  static to(chat: ChatConnectionOptions, files?: ChatConnectionOptions): DynamicModule {
    return {
      module: GatewayModule,
      controllers: files === undefined ? [] : [FilesController],
      imports: [
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
