import { startPair } from './pair.mjs';

/** Open before the first reading, so that code which every connection needs doesn't count. */
const FIRST_CONNECTIONS = 20;
/** Room for a heartbeat on every connection. */
const CONNECT_SECONDS = 60;

/**
 * Bytes that each idle connection adds to the server's process, a fresh pair of processes each time. For the
 * first thousand: resident, beside V8's young generation, and by how much that grew. For the next thousand: all that is
 * resident, and the heap.
 */
export async function measureIdle({ connections, repeats }, contestants, pinning) {
  const costs = Object.fromEntries(
    contestants.map((name) => [name, { first: [], young: [], next: [], heap: [] }]),
  );
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of contestants) {
      const [few, some, many] = await readings(name, connections, pinning);
      const young = some.young - few.young;
      costs[name].first.push((some.resident - few.resident - young) / connections);
      costs[name].young.push(young / connections);
      costs[name].next.push((many.resident - some.resident) / connections);
      costs[name].heap.push((many.heap - some.heap) / connections);
    }
  }
  return costs;
}

async function readings(name, connections, pinning) {
  const { server, client, address, stop } = await startPair(name, pinning);
  let open = 1;
  const readingWith = async (count) => {
    await client.ask('connect', { address, connections: count - open }, CONNECT_SECONDS);
    open = count;
    await server.ask('untilConnected', open, CONNECT_SECONDS);
    return server.ask('settledMemory');
  };
  try {
    return [
      await readingWith(FIRST_CONNECTIONS),
      await readingWith(FIRST_CONNECTIONS + connections),
      await readingWith(FIRST_CONNECTIONS + 2 * connections),
    ];
  } finally {
    await stop();
  }
}
