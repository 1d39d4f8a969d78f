import { setTimeout as delay } from 'node:timers/promises';

import { startChild } from './child.mjs';
import { payload } from './payload.mjs';

const POLL_MS = 50;
const CONNECT_SECONDS = 240;
const BROADCAST_SECONDS = 60;

/** Deliveries a second of each contestant, round by round; what a crowd of connections costs each. */
export async function measurePush(
  { bytes, connections, atOnce, crowd, contestants },
  { rounds, warmups, seconds },
  pinning,
) {
  const rates = Object.fromEntries(contestants.map((name) => [name, atOnce.map(() => [])]));
  for (let round = 0; round < rounds; round++) {
    const turn = round % contestants.length;
    for (const name of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      const { broadcast } = await gather(name, connections, pinning);
      for (const [index, count] of atOnce.entries()) {
        for (let warmup = 0; warmup < warmups; warmup++)
          await broadcast.during(seconds * 1_000, payload(bytes), count);
        rates[name][index].push(await broadcast.during(seconds * 1_000, payload(bytes), count));
      }
      await broadcast.stop();
    }
  }
  const crowds = {};
  for (const name of contestants) {
    const { broadcast, cost } = await gather(name, crowd, pinning);
    await broadcast.once(payload(bytes)); // warming up
    crowds[name] = { ...cost, broadcastMs: await broadcast.once(payload(bytes)) };
    await broadcast.stop();
  }
  return { rates, crowds };
}

/** A server with so many clients. */
async function gather(name, connections, pinning) {
  const server = startChild('push-server.mjs', [name], pinning.server);
  const client = startChild('push-client.mjs', [name], pinning.client);
  const stop = () => Promise.all([server.stop(), client.stop()]);
  const once = async (data, atOnce = 1) => {
    await client.ask('expectPushes', { pushes: connections * atOnce });
    const begunAt = Date.now();
    await server.ask('broadcast', { data, atOnce });
    return (await client.ask('untilReceived', undefined, BROADCAST_SECONDS)) - begunAt;
  };
  /** Broadcasts one after the other. Returns the deliveries a second. */
  const during = async (ms, data, atOnce) => {
    const begunAt = performance.now();
    let broadcasts = 0;
    for (; performance.now() - begunAt < ms; broadcasts += atOnce) await once(data, atOnce);
    return (broadcasts * connections * 1_000) / (performance.now() - begunAt);
  };
  try {
    const address = await server.ask('listen');
    await client.ask('connect', { address, connections: 1 });
    const before = await server.ask('settledMemory');
    const connectMs = await client.ask('connect', { address, connections }, CONNECT_SECONDS);
    while ((await server.ask('connections')) < connections) await delay(POLL_MS);
    const after = await server.ask('settledMemory');
    const bytesEach = (after.resident - before.resident) / (connections - 1);
    return { broadcast: { once, during, stop }, cost: { connectMs, bytesEach } };
  } catch (error) {
    await stop();
    throw error;
  }
}
