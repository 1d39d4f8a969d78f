import { setTimeout as delay } from 'node:timers/promises';

import { answer } from './child.mjs';
import { watchMemory } from './memory-watch.mjs';
import { settledMemory } from './settled-memory.mjs';

const POLL_MS = 50;

const contestant = await import(`./contestants/${process.argv[2]}-server.mjs`);
let server;
let stopWatch;

/** Resolves when `count` connections are open and, where there are heartbeats, each has had one. */
async function untilConnected(count) {
  const isDone = async () =>
    (await server.connections()) === count && (!server.hasHeartbeats || server.heartbeatsSeen() === count);
  while (!(await isDone())) await delay(POLL_MS);
}

answer({
  async listen() {
    server = await contestant.listen();
    return server.address;
  },
  untilConnected,
  settledMemory,
  beginMemoryWatch() {
    stopWatch = watchMemory();
  },
  endMemoryWatch: () => stopWatch(),
});
