import type { IncomingMessage } from 'node:http';

import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { strictValidation } from '../contract/strict-validation.js';
import { type ServiceOptions, GatewayModule } from './gateway.module.js';

/** The HTTP side of the demo, ready to listen. */
export async function createGateway(
  chat: ServiceOptions,
  logger?: LoggerService,
  files?: ServiceOptions,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule.to(chat, files), {
    abortOnError: false,
    bodyParser: false,
    forceCloseConnections: true,
    ...(logger && { logger }),
  });
  // A file is passed on as it comes, whatever its type.
  app.useBodyParser('json', { type: (request) => isJson(request) && !isFile(request) });
  app.disable('x-powered-by');
  app.useGlobalPipes(strictValidation());
  return app;
}

function isJson({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('application/json') ?? false;
}

function isFile({ url }: IncomingMessage): boolean {
  return url?.startsWith('/files/') ?? false;
}
