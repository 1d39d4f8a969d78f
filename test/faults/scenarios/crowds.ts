import type { Arena } from '../support/arena.js';
import type { Caller } from '../support/contestants.js';
import { settle, timeOf } from '../support/settle.js';

/** How long the neighbours' calls took, before and while a client of the same server read slowly. */
export interface Neighbours {
  readonly calmP99Ms: number;
  readonly besideP99Ms: number;
  readonly failed: number;
  /** What the slow reader held on to in the server, in bytes. */
  readonly bufferedBytes: number;
}

/** A client that reads at a crawl what it asks for in bulk, beside others that make small calls. */
export async function slowReader(arena: Arena, callsEach: number): Promise<Neighbours> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const { client: slow } = await arena.connect(port);
  await settle(slow.send('echo', 1), arena.patienceMs);
  const neighbours = await Promise.all(Array.from({ length: 4 }, () => arena.connect(server.port)));
  const fast = neighbours.map(({ client }) => client);

  const warmUp = await measure(fast, callsEach, arena.patienceMs);
  const calm = await measure(fast, callsEach, arena.patienceMs);
  proxy.slow({ bytesPerSecond: 100_000 }, 'downstream');
  const bulk = Array.from({ length: 64 }, () => settle(slow.send('text', 262_144), arena.patienceMs));
  const beside = await measure(fast, callsEach, arena.patienceMs);
  const bufferedBytes = server.sockets[0]?.writableLength ?? 0;
  proxy.heal();
  await Promise.all(bulk);
  return {
    calmP99Ms: calm.p99Ms,
    besideP99Ms: beside.p99Ms,
    failed: warmUp.failed + calm.failed + beside.failed,
    bufferedBytes,
  };
}

async function measure(
  clients: readonly Caller[],
  calls: number,
  patienceMs: number,
): Promise<{ p99Ms: number; failed: number }> {
  const taken: number[] = [];
  let failed = 0;
  const loop = async (client: Caller): Promise<void> => {
    for (let n = 0; n < calls; n++) {
      const { how, afterMs } = await settle(client.send('echo', n), patienceMs);
      if (how === 'answered') taken.push(afterMs);
      else failed += 1;
    }
  };
  await Promise.all(clients.map(loop));
  taken.sort((a, b) => a - b);
  return { p99Ms: taken[Math.floor(taken.length * 0.99)] ?? Infinity, failed };
}

/** Many calls at once on one connection, their data and their answers of the same size. */
export async function saturated(
  arena: Arena,
  calls: number,
  bytes: number,
): Promise<{ answered: number; wrong: number; failed: number; ms: number | undefined }> {
  const server = arena.peer('server-peer');
  const port = await server.ask<number>('listen', arena.orders);
  const { client } = await arena.connect(port);
  const outcome = { answered: 0, wrong: 0, failed: 0 };
  const all = Array.from({ length: calls }, async (_, n) => {
    const data = String(n).padStart(bytes, '.');
    const { how, value } = await settle(client.send('echo', data), arena.patienceMs);
    if (how === 'answered' && value === data) outcome.answered += 1;
    else if (how === 'answered') outcome.wrong += 1;
    else outcome.failed += 1;
  });
  const ms = await timeOf(Promise.all(all), arena.patienceMs + 1_000);
  return { ...outcome, ms: outcome.answered === calls ? ms : undefined };
}
