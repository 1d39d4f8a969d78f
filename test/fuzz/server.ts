// The server that is fuzzed, in a process of its own: any fault that nobody handles ends it, and the fuzzer sees that.

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { HeartwireServer } from 'heartwire';

import { FuzzTargetController } from './target.controller.js';

/** What the fuzzer is told of it. */
export interface ServerState {
  readonly connections: number;
  readonly runningCalls: number;
  /** After a full collection of garbage, in bytes. */
  readonly heldBytes: number;
}

/** Short, so that what a peer leaves behind is gone soon. */
const SOON_MS = 200;

@Module({ controllers: [FuzzTargetController] })
class FuzzTargetModule {}

const server = new HeartwireServer({
  url: 'tcp://127.0.0.1:0',
  drainTimeoutMs: SOON_MS,
  resumeWindowMs: SOON_MS,
  heartbeat: { intervalMs: 1_000, timeoutMs: 10_000 },
  limits: {
    maxFrameBytes: 262_144,
    frameTimeoutMs: SOON_MS,
    handshakeTimeoutMs: SOON_MS,
    suspendedSessions: 20,
    runningCallsPerConnection: 20,
    waitingEvents: 50,
    incomingStreams: 5,
  },
});
const app = await NestFactory.createMicroservice<MicroserviceOptions>(FuzzTargetModule, {
  strategy: server,
  logger: false,
});
await app.listen();

process.on('disconnect', () => process.exit());
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const { connections } = server;
  process.send?.({
    connections: connections.length,
    runningCalls: connections.reduce((sum, { runningCalls }) => sum + runningCalls, 0),
    heldBytes: heapUsed + external,
  } satisfies ServerState);
});
process.send?.(server.address);
