import { startPair } from './pair.mjs';

/** Open before the first reading, so that code which every connection needs doesn't count. */
const FIRST_CONNECTIONS = 20;
/** Room for a heartbeat on every connection. */
const CONNECT_SECONDS = 60;
/** What a server has done before: calls that make V8's young generation as large as it gets. */
const WORK = { inFlight: 512, bytes: 50, seconds: 1 };
const WORK_SECONDS = 20;

/**
 * Bytes that each idle connection adds to the server's process, a fresh pair of processes each time: resident for the
 * first thousand and the next thousand of a server that has served calls, the heap for the next; and resident for the first
 * thousand of a server that has done nothing yet.
 */
export async function measureIdle({ connections, repeats }, contestants, pinning) {
  const costs = Object.fromEntries(
    contestants.map((name) => [name, { first: [], next: [], heap: [], firstOfNew: [] }]),
  );
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of contestants) {
      const steps = [FIRST_CONNECTIONS, FIRST_CONNECTIONS + connections, FIRST_CONNECTIONS + 2 * connections];
      const [few, some, many] = await readings(name, steps, WORK, pinning);
      costs[name].first.push((some.resident - few.resident) / connections);
      costs[name].next.push((many.resident - some.resident) / connections);
      costs[name].heap.push((many.heap - some.heap) / connections);
      const [before, after] = await readings(name, steps.slice(0, 2), undefined, pinning);
      costs[name].firstOfNew.push((after.resident - before.resident) / connections);
    }
  }
  return costs;
}

/** The server's memory with so many connections each, after so much work. */
async function readings(name, counts, work, pinning) {
  const { server, client, address, stop } = await startPair(name, pinning);
  let open = 1;
  const readingWith = async (count) => {
    await client.ask('connect', { address, connections: count - open }, CONNECT_SECONDS);
    open = count;
    await server.ask('untilConnected', open, CONNECT_SECONDS);
    return server.ask('settledMemory');
  };
  try {
    if (work !== undefined) await client.ask('load', work, WORK_SECONDS);
    const memory = [];
    for (const count of counts) memory.push(await readingWith(count));
    return memory;
  } finally {
    await stop();
  }
}
