import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { strictValidation } from '../contract/strict-validation.js';
import { type ChatConnectionOptions, GatewayModule } from './gateway.module.js';

/** The HTTP side of the chat, ready to listen. */
export async function createGateway(
  chat: ChatConnectionOptions,
  logger?: LoggerService,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule.to(chat), {
    abortOnError: false,
    forceCloseConnections: true,
    ...(logger && { logger }),
  });
  app.disable('x-powered-by');
  app.useGlobalPipes(strictValidation());
  return app;
}
