import type { Socket } from 'node:net';

import type { Arena } from '../support/arena.js';
import { Workload, type WorkloadResult, repeated } from '../support/workload.js';
import type { Hole, Network } from '../support/network.js';
import { closing } from '../support/serve.js';
import { settle, timeOf } from '../support/settle.js';
import type { Noticed } from './silence.js';

/** Packets vanish between two hosts: nothing is acknowledged, nobody is told, until the network is healed. */
export async function blackHole(
  arena: Arena,
  network: Network,
  hole: Hole,
  traffic: 'idle' | 'bulk',
): Promise<{
  noticed: Noticed;
  /** How late a timer of the server's process has been at most. */
  latestThereMs: number;
  load: WorkloadResult;
  repeatedRuns: number;
}> {
  const { host } = network;
  const server = arena.peer('server-peer', network.launcher);
  const port = await server.ask<number>('listen', { ...arena.orders, host });
  const client = arena.client(port, host);
  await client.connect();
  const socket = client.unwrap<Socket>();
  await settle(client.send('echo', 'both ends are ready'), arena.patienceMs);
  const bulk = 'x'.repeat(262_144);
  const load = new Workload(client, traffic === 'bulk' ? 16 : 1, arena.patienceMs, (caller, id) =>
    traffic === 'bulk' && Number(id) % 4 > 0 ? caller.send('echo', bulk) : caller.send('add', id),
  );
  while (load.answeredSoFar < 32) await new Promise(setImmediate);
  const idle = traffic === 'idle' ? await load.stop() : undefined;

  network.open(hole);
  const [clientMs, serverMs] = await Promise.all([
    timeOf(closing(socket), arena.patienceMs),
    server.ask<number | undefined>('closed', arena.patienceMs),
  ]);
  network.heal();
  await settle(client.send('echo', 'healed'), arena.patienceMs);
  const result = idle ?? (await load.stop());
  const runs = await server.ask<string[]>('runs');
  const latestThereMs = await server.ask<number>('latestTimerMs');
  return {
    noticed: { clientMs, serverMs },
    latestThereMs,
    load: result,
    repeatedRuns: repeated(runs).length,
  };
}
