import { startPair } from './pair.mjs';

/**
 * Open before the first reading, so that code and buffers which all connections share don't count.
 * They make no calls: the memory which those leave free would be there for the connections that count.
 */
const FIRST_CONNECTIONS = 20;
/** Room for a heartbeat on every connection. */
const CONNECT_SECONDS = 60;

/** Bytes that each idle connection adds to the server's process, a fresh pair of processes each time. */
export async function measureIdle({ connections, repeats }, contestants, pinning) {
  const costs = Object.fromEntries(contestants.map((name) => [name, { resident: [], heap: [] }]));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of contestants) {
      const cost = await costOfIdle(name, connections, pinning);
      costs[name].resident.push(cost.resident);
      costs[name].heap.push(cost.heap);
    }
  }
  return costs;
}

async function costOfIdle(name, connections, pinning) {
  const { server, client, address, stop } = await startPair(name, pinning);
  try {
    await client.ask('connect', { address, connections: FIRST_CONNECTIONS - 1 });
    await server.ask('untilConnected', FIRST_CONNECTIONS, CONNECT_SECONDS);
    const before = await server.ask('settledMemory');
    await client.ask('connect', { address, connections }, CONNECT_SECONDS);
    await server.ask('untilConnected', FIRST_CONNECTIONS + connections, CONNECT_SECONDS);
    const after = await server.ask('settledMemory');
    return {
      resident: (after.resident - before.resident) / connections,
      heap: (after.heap - before.heap) / connections,
    };
  } finally {
    await stop();
  }
}
