import type { Arena } from '../support/arena.js';
import { block } from '../support/answer.js';
import type { WorkloadResult } from '../support/workload.js';
import { Workload, repeated } from '../support/workload.js';
import { isStill, verdictsOf } from '../support/verdicts.js';
import { settle, type Settled } from '../support/settle.js';
import type { Peer } from '../support/peer.js';

/** A load that went on while an end could not run, and the verdicts of the client's own watch. */
export interface Uneasy {
  readonly load: WorkloadResult;
  readonly verdicts: readonly string[];
  readonly runs: number;
  readonly repeatedRuns: number;
}

const IN_FLIGHT = 16;

/** A client whose event loop is blocked, or whose process is suspended, with calls under way. */
export async function unableClient(arena: Arena, how: 'blocked' | 'suspended', ms: number): Promise<Uneasy> {
  const { port, controller } = await arena.serve();
  const client = arena.peer('client-peer');
  await client.ask('connect', { ...arena.orders, port });
  await client.ask('startLoad', { inFlight: IN_FLIGHT, patienceMs: arena.patienceMs });
  await untilAnswered(client.ask.bind(client), 4 * IN_FLIGHT);
  await disable(client, how, ms);
  const answered = await client.ask<number>('answeredSoFar');
  await untilAnswered(client.ask.bind(client), answered + 4 * IN_FLIGHT);
  const load = await client.ask<WorkloadResult>('stopLoad');
  const { runs } = controller;
  return {
    load,
    verdicts: await client.ask<string[]>('verdicts'),
    runs: runs.length,
    repeatedRuns: repeated(runs).length,
  };
}

/** So that nearly always a ping is on its way: nothing else is said, and it takes almost an interval. */
const SLOW_NETWORK = { delayMs: 90 };
const TIMES = 2;

/** The same to a client that makes no calls, and whose own ping has not been answered yet. */
export async function unableIdleClient(
  arena: Arena,
  how: 'blocked' | 'suspended',
  ms: number,
): Promise<{ verdicts: readonly string[]; call: Settled }> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const client = arena.peer('client-peer');
  await client.ask('connect', { ...arena.orders, port });
  const { patienceMs } = arena;
  const call = (): Promise<Settled> => client.ask('call', { pattern: 'echo', data: 'awake', patienceMs });
  await call();
  proxy.slow(SLOW_NETWORK);
  for (let time = 0; time < TIMES; time++) {
    // Its heart has beaten on this network.
    await call();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await disable(client, how, ms);
    await client.ask('verdicts');
  }
  return { call: await call(), verdicts: await client.ask('verdicts') };
}

async function disable(client: Peer, how: 'blocked' | 'suspended', ms: number): Promise<void> {
  if (how === 'blocked') {
    await client.ask('block', ms);
    return;
  }
  await client.ask('suspend');
  await new Promise((resolve) => setTimeout(resolve, ms));
  client.thaw();
}

/** A server whose event loop is blocked with calls under way. */
export async function blockedServer(
  arena: Arena,
  ms: number,
): Promise<{ load: WorkloadResult; isSameSocket: boolean; verdicts: readonly string[] }> {
  const server = arena.peer('server-peer');
  const port = await server.ask<number>('listen', arena.orders);
  const { client, socket } = await arena.connect(port);
  const verdicts = verdictsOf(client);
  const load = new Workload(client, IN_FLIGHT, arena.patienceMs);
  while (load.answeredSoFar < 4 * IN_FLIGHT) await new Promise(setImmediate);
  await server.ask('block', ms);
  // Answered once it is no longer blocked.
  await server.ask('runs');
  return { load: await load.stop(), isSameSocket: client.unwrap() === socket && !socket.closed, verdicts };
}

/** Both ends in one process whose event loop is blocked: neither may judge the other for it. */
export async function blockedBoth(
  arena: Arena,
  ms: number,
): Promise<{ isSameSocket: boolean; verdicts: readonly string[]; answered: boolean }> {
  const { port } = await arena.serve();
  const { client, socket } = await arena.connect(port);
  const verdicts = verdictsOf(client);
  await settle(client.send('echo', 1), arena.patienceMs);
  block(ms);
  const { how } = await settle(client.send('echo', 2), arena.patienceMs);
  return { isSameSocket: isStill(client, socket), verdicts, answered: how === 'answered' };
}

async function untilAnswered(ask: (command: string) => Promise<unknown>, count: number): Promise<void> {
  while (((await ask('answeredSoFar')) as number) < count)
    await new Promise((resolve) => setTimeout(resolve, 5));
}
