import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';

import { EchoModule } from './echo.module.mjs';

export async function listen() {
  const app = await NestFactory.createMicroservice(EchoModule, {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: 0 },
    logger: ['warn', 'error'],
  });
  await app.listen();
  const server = app.unwrap();
  return {
    address: server.address().port,
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    hasHeartbeats: false,
  };
}
