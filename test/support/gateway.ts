import type { LoggerService } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HeartwireServer } from 'heartwire';

import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.js';

/** A gateway that listens at free loopback ports. */
export interface Gateway {
  readonly app: NestExpressApplication;
  /** Where it is asked by HTTP. */
  readonly http: string;
  /** Where users who have no page connect. */
  readonly users: string;
}

export async function startGateway(options: GatewayOptions, logger: LoggerService): Promise<Gateway> {
  const app = await createGateway(options, logger);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { app, http: await app.getUrl(), users: app.get(HeartwireServer).address };
}
