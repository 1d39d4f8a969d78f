import { setTimeout as delay } from 'node:timers/promises';

import { startChild } from './child.mjs';

const POLL_MS = 50;
const CONNECT_SECONDS = 60;
/** Beyond their deadlines, for the last words and the farewell. */
const GRACE_MS = 10_000;

/** What slow peers cost: the server's memory, the time of a client beside them, and when they are gone. */
export async function measureSlowPeers({ trickling, stopped, deadlineMs }, { seconds }, pinning) {
  const server = startChild('limits-server.mjs', [], pinning.server);
  const client = startChild('limits-client.mjs', [], pinning.client);
  const peers = startChild('slow-peers-process.mjs', [], pinning.client);
  const latency = () => client.ask('latency', { seconds }, seconds + 20);
  try {
    const url = await server.ask('listen', {
      limits: { handshakeTimeoutMs: deadlineMs, frameTimeoutMs: deadlineMs },
    });
    await client.ask('connect', { url, connections: 1 });
    await latency(); // warming up
    const before = await latency();
    const idle = await server.ask('settledMemory');
    await peers.ask('begin', { url, trickling, stopped }, CONNECT_SECONDS);
    const begunAt = performance.now();
    await latency(); // Collecting all garbage for the figure before has slowed V8 down for a while.
    const during = await latency();
    const open = await peers.ask('open');
    if (open < trickling + stopped) throw new Error(`only ${open} are left: give them a longer deadline`);
    const held = await server.ask('settledMemory');
    while ((await server.ask('connections')) > 1) {
      if (performance.now() - begunAt > deadlineMs + GRACE_MS) return { idle, held, before, during };
      await delay(POLL_MS);
    }
    return { idle, held, before, during, goneAfterMs: performance.now() - begunAt };
  } finally {
    await Promise.all([server.stop(), client.stop(), peers.stop()]);
  }
}
