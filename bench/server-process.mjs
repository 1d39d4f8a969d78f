import { setTimeout as delay } from 'node:timers/promises';

import { answer } from './child.mjs';
import { watchMemory } from './memory-watch.mjs';

const POLL_MS = 50;
const CALM_BYTES = 65_536;
const CALM_READINGS = 5;
const MAX_READINGS = 100;

const contestant = await import(`./contestants/${process.argv[2]}-server.mjs`);
let server;
let stopWatch;

/** Memory once collecting garbage no longer changes it. */
async function settledMemory() {
  let last = { rss: 0 };
  for (let calm = 0, readings = 0; calm < CALM_READINGS && readings < MAX_READINGS; readings++) {
    globalThis.gc();
    const memory = process.memoryUsage();
    calm = Math.abs(memory.rss - last.rss) < CALM_BYTES ? calm + 1 : 0;
    last = memory;
    await delay(POLL_MS);
  }
  return { resident: last.rss, heap: last.heapUsed + last.external };
}

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
