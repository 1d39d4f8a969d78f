// A Heartwire server with limits of its own, in a process of its own.

import { setImmediate as turn } from 'node:timers/promises';

import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { HeartwireServer } from 'heartwire';

import { answer } from './child.mjs';
import { settledMemory } from './settled-memory.mjs';

/** Of this process alone, whatever else the machine does. */
function cpuTimeMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

class LimitsController {
  /** Keeps the processor busy for `cpuMs`, a turn of the event loop after the call came. */
  async work({ cpuMs }) {
    await turn();
    const begunAt = cpuTimeMs();
    while (cpuTimeMs() - begunAt < cpuMs);
    return true;
  }

  echo(data) {
    return data;
  }
}
for (const name of ['work', 'echo']) {
  const method = Object.getOwnPropertyDescriptor(LimitsController.prototype, name);
  MessagePattern(name)(LimitsController.prototype, name, method);
}
Controller()(LimitsController);

class LimitsModule {}
Module({ controllers: [LimitsController] })(LimitsModule);

let server;

answer({
  async listen(options) {
    server = new HeartwireServer({ url: 'tcp://127.0.0.1:0', ...options });
    const app = await NestFactory.createMicroservice(LimitsModule, { strategy: server, logger: ['error'] });
    await app.listen();
    return server.address;
  },
  connections: () => server.connections.length,
  settledMemory,
});
