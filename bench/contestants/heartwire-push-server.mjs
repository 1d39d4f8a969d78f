import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HeartwireServer } from 'heartwire';

class EmptyModule {}
Module({})(EmptyModule);

export async function listen() {
  const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
  const app = await NestFactory.createMicroservice(EmptyModule, { strategy: server, logger: ['error'] });
  await app.listen();
  return {
    address: server.address,
    connections: () => server.hub.clients.length,
    broadcast: (data) => server.hub.broadcast.emit('said', data),
  };
}
