import type { Arena } from '../support/arena.js';
import { Workload, type WorkloadResult, repeated } from '../support/workload.js';
import type { Peer } from '../support/peer.js';
import { closing } from '../support/serve.js';
import { type Settled, settle, timeOf } from '../support/settle.js';

/** When an end knew that the other was gone, in ms after the fault; `undefined` when it never did. */
export interface Noticed {
  readonly clientMs: number | undefined;
  readonly serverMs: number | undefined;
}

/** A server that is stopped like a frozen virtual machine: its kernel acknowledges all, and nobody answers. */
export async function frozenServer(arena: Arena): Promise<{
  noticedMs: number | undefined;
  /** A call that was made meanwhile. */
  call: Settled;
  /** A call that was made once the server ran again. */
  after: Settled;
}> {
  const server = arena.peer('server-peer');
  const port = await server.ask<number>('listen', arena.orders);
  const { client, socket } = await arena.connect(port);
  await settle(client.send('echo', 1), arena.patienceMs);
  server.freeze();
  const noticed = timeOf(closing(socket), arena.patienceMs);
  const call = await settle(client.send('echo', 2), arena.patienceMs);
  const noticedMs = await noticed;
  server.thaw();
  return { noticedMs, call, after: await settle(client.send('echo', 3), arena.patienceMs) };
}

/** A client that is frozen while its call runs. */
export async function frozenClient(arena: Arena): Promise<{
  noticedMs: number | undefined;
  /** The call that ran meanwhile. */
  call: Settled;
  runs: number;
}> {
  const { port, sockets, controller } = await arena.serve();
  const client = arena.peer('client-peer');
  await client.ask('connect', { ...arena.orders, port });
  const patienceMs = arena.patienceMs;
  const called = client.ask<Settled>('call', {
    pattern: 'take time',
    data: { id: 'only', ms: 100 },
    patienceMs: 2 * patienceMs,
  });
  await untilRuns(client, () => controller.runs.length > 0);
  client.freeze();
  const [socket] = sockets;
  if (socket === undefined) throw new Error('nobody connected');
  const noticedMs = await timeOf(closing(socket), patienceMs);
  client.thaw();
  return { noticedMs, call: await called, runs: controller.runs.length };
}

/** A connection on which one direction, or both, passes nothing any more while the sockets stay open. */
export async function swallowed(
  arena: Arena,
  direction: 'upstream' | 'downstream' | 'both',
  traffic: 'idle' | 'bulk',
): Promise<{ noticed: Noticed; load: WorkloadResult; runs: number; repeatedRuns: number }> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const { client, socket } = await arena.connect(port);
  await settle(client.send('echo', 'both ends are ready'), arena.patienceMs);
  const [accepted] = server.sockets;
  if (accepted === undefined) throw new Error('nobody connected');
  const bulk = 'x'.repeat(262_144);
  const load =
    traffic === 'bulk'
      ? new Workload(client, 16, arena.patienceMs, (caller, id) => {
          // Beside the bulk, calls of which it is known whether they ran.
          return Number(id) % 4 === 0 ? caller.send('add', id) : caller.send('echo', bulk);
        })
      : undefined;
  while (load !== undefined && load.answeredSoFar < 32) await new Promise(setImmediate);

  proxy.swallow(direction);
  const [clientMs, serverMs] = await Promise.all([
    timeOf(closing(socket), arena.patienceMs),
    timeOf(closing(accepted), arena.patienceMs),
  ]);
  // The hole lasts until a call has fallen into it, though both ends may know of it.
  const calls = load ?? new Workload(client, 1, arena.patienceMs);
  await new Promise((resolve) => setTimeout(resolve, 100));
  proxy.heal();
  const result = await calls.stop();
  const { runs } = server.controller;
  return {
    noticed: { clientMs, serverMs },
    load: result,
    runs: runs.length,
    repeatedRuns: repeated(runs).length,
  };
}

async function untilRuns(peer: Peer, holds: () => boolean): Promise<void> {
  while (!holds()) {
    if (!peer.isRunning) throw new Error('the process has ended');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
