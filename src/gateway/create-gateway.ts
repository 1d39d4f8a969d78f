import type { IncomingMessage } from 'node:http';

import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HeartwireExceptionFilter, HeartwireServer, type HeartwireServerOptions } from 'heartwire';

import { strictValidation } from '../contract/strict-validation.js';
import { GatewayHttp } from './gateway-http.js';
import { GatewayModule, type ServiceOptions } from './gateway.module.js';
import { setPageHeaders } from './page-headers.js';
import { patientWith } from './patience.js';

/** What a gateway stands between. */
export interface GatewayOptions {
  readonly chat: ServiceOptions;
  /** Without it no files are served. */
  readonly files?: ServiceOptions;
  /** Where users who have no page connect. Default: a free port of this machine. */
  readonly users?: HeartwireServerOptions;
  /** Holds the chat's page; without it none is served. */
  readonly pageFolder?: string;
  /** How long the sender of a body may be silent, in ms. Default: 2 minutes. */
  readonly maxSilenceMs?: number;
}

const USERS: HeartwireServerOptions = { url: 'tcp://127.0.0.1:0' };

/** What one user, or a stranger, may use of a gateway. */
const USER_LIMITS: HeartwireServerOptions['limits'] = {
  connections: 10_000,
  messagesPerSecond: 200,
  runningCallsPerConnection: 32,
  runningCalls: 4_096,
  incomingStreams: 1,
  waitingEvents: 256,
  maxFrameBytes: 2 * 1_024 ** 2,
  sendBufferBytes: 8 * 1_024 ** 2,
};

/**
 * The gateway, ready to listen: `listen` for HTTP, `startAllMicroservices` for users. They connect to the address of
 * `users`, or with a page to `/heartwire` beside what is asked by HTTP.
 */
export async function createGateway(
  { chat, files, users = USERS, pageFolder, maxSilenceMs }: GatewayOptions,
  logger?: LoggerService,
): Promise<NestExpressApplication> {
  const options = {
    abortOnError: false,
    bodyParser: false,
    forceCloseConnections: true,
    ...(logger && { logger }),
  };
  const http = new GatewayHttp();
  http.initHttpServer(options);
  const server = new HeartwireServer({
    ...users,
    attach: http.getHttpServer(),
    path: '/heartwire',
    limits: { ...USER_LIMITS, ...users.limits },
  });
  const module = GatewayModule.to(chat, files, server);
  const app = await NestFactory.create<NestExpressApplication>(module, http, options);
  app.use(patientWith(app.getHttpServer(), maxSilenceMs));
  if (pageFolder !== undefined) app.useStaticAssets(pageFolder, { setHeaders: setPageHeaders });
  // A file is passed on as it comes, whatever its type.
  app.useBodyParser('json', { type: (request) => isJson(request) && !isFile(request) });
  app.disable('x-powered-by');
  app.useGlobalPipes(strictValidation());
  app.useGlobalFilters(new HeartwireExceptionFilter());
  app.connectMicroservice<MicroserviceOptions>({ strategy: server }, { inheritAppConfig: true });
  return app;
}

/** In any letter case, as that of a media type means nothing. */
function isJson({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.toLowerCase().startsWith('application/json') ?? false;
}

/** As Express looks for routes: in any letter case, also where a proxy was asked for the whole URL. */
function isFile({ url }: IncomingMessage): boolean {
  return /^(?:https?:\/\/[^/]+)?\/files\//i.test(url ?? '');
}
