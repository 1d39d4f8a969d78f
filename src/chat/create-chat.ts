import { type INestMicroservice, Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { HeartwireExceptionFilter, HeartwireServer, type HeartwireServerOptions } from 'heartwire';
import { first } from 'rxjs';

import { strictValidation } from '../contract/strict-validation.js';
import { ChatModule } from './chat.module.js';
import { RoomsService } from './rooms.service.js';
import { type HistoryPlace, openStore } from './store/open-store.js';

export interface Chat {
  readonly app: INestMicroservice;
  readonly server: HeartwireServer;
}

/** The chat service, ready to listen. */
export async function createChat(
  options: HeartwireServerOptions,
  history: HistoryPlace,
  logger?: LoggerService,
): Promise<Chat> {
  const server = new HeartwireServer(options);
  const store = await openStore(history, logger ?? new Logger('history'));
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(ChatModule.over(store), {
    strategy: server,
    abortOnError: false,
    ...(logger && { logger }),
  });
  app.useGlobalPipes(strictValidation());
  app.useGlobalFilters(new HeartwireExceptionFilter());
  // Followers never finish by themselves: the server would wait for them as long as it may.
  server.status.pipe(first((status) => status === 'draining')).subscribe(() => {
    app.get(RoomsService).endFollowing();
  });
  return { app, server };
}
