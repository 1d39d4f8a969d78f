import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

import { type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';

import type { Contestant } from './contestants.js';
import { FaultsController } from './faults.controller.js';

/** A server of a contestant, with all that it accepted. */
export interface Serving {
  readonly app: INestMicroservice;
  readonly port: number;
  readonly controller: FaultsController;
  /** Every socket accepted so far. */
  readonly sockets: readonly Socket[];
}

export async function serve(contestant: Contestant, port = 0, host = '127.0.0.1'): Promise<Serving> {
  @Module({ controllers: [FaultsController] })
  class FaultsModule {}

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(FaultsModule, {
    ...contestant.serve(port, host),
    logger: false,
  });
  await app.listen();
  const server = app.unwrap<Server>();
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  return {
    app,
    port: (server.address() as AddressInfo).port,
    controller: app.get(FaultsController),
    sockets,
  };
}

export async function closing(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}
