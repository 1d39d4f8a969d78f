import { NestFactory } from '@nestjs/core';
import { HeartwireServer } from 'heartwire';

import { EchoModule } from './echo.module.mjs';

export async function listen(options) {
  const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0', ...options });
  const app = await NestFactory.createMicroservice(EchoModule, {
    strategy: server,
    logger: ['warn', 'error'],
  });
  await app.listen();
  return {
    address: server.address,
    connections: () => server.connections.length,
    hasHeartbeats: true,
    /** Connections on which the server's heartbeat went out and came back at least once. */
    heartbeatsSeen: () =>
      server.connections.filter(({ liveness }) => liveness?.roundTripMs !== undefined).length,
  };
}
