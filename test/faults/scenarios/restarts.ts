import { readFile } from 'node:fs/promises';

import type { Arena } from '../support/arena.js';
import type { Caller } from '../support/contestants.js';
import { Workload, type WorkloadResult, repeated } from '../support/workload.js';
import type { Peer } from '../support/peer.js';
import { settle, type Settled, timeOf } from '../support/settle.js';

/** How long a server runs before it is killed: long enough for its clients to be back. */
const LIFE_MS = 150;

/** A server that is killed and started again under a load of calls that must not run twice. */
export async function killedAgainAndAgain(
  arena: Arena,
  times: number,
): Promise<{
  load: WorkloadResult;
  repeatedRuns: number;
  /** Calls that ran, though their error says that they were never sent. */
  falseNever: number;
}> {
  const log = await arena.file('runs');
  let server = arena.peer('server-peer');
  const port = await server.ask<number>('listen', { ...arena.orders, log });
  const client = arena.client(port);
  await client.connect();
  const load = new Workload(client, 16, arena.patienceMs);
  for (let kill = 0; kill < times; kill++) {
    // Started before it is needed: the outage is short, as where another instance takes over.
    const next = arena.peer('server-peer');
    await next.ask('runs');
    const { answeredSoFar } = load;
    while (load.answeredSoFar < answeredSoFar + 16) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, LIFE_MS));
    await server.kill();
    await next.ask('listen', { ...arena.orders, port, log });
    server = next;
  }
  const result = await load.stop();
  const runs = (await readFile(log, 'utf8')).trim().split('\n');
  const ran = new Set(runs);
  return {
    load: result,
    repeatedRuns: repeated(runs).length,
    falseNever: result.failures.filter(({ id, sent }) => sent === 'never' && ran.has(id)).length,
  };
}

/** Many clients of one server that is killed and started again: when each of them came back. */
export async function manyClients(
  arena: Arena,
  count: number,
  awayMs = 0,
): Promise<{
  backMs: number | undefined;
  /** The most connections that the new server accepted within 10 ms. */
  peakPer10Ms: number;
  /** Between the first and the last connection. */
  spreadMs: number;
}> {
  const [first, second] = [arena.peer('server-peer'), arena.peer('server-peer')] as const;
  const port = await first.ask<number>('listen', arena.orders);
  const clients = Array.from({ length: count }, () => arena.client(port));
  for (const client of clients) await client.connect();
  await Promise.all(clients.map((client) => settle(client.send('echo', 1), arena.patienceMs)));
  await second.ask('runs');
  await first.kill();
  await new Promise((resolve) => setTimeout(resolve, awayMs));
  await second.ask('listen', { ...arena.orders, port });
  const backMs = await timeOf(allBack(second, clients), arena.patienceMs);
  const acceptedAt = (await second.ask<number[]>('accepted')).toSorted((a, b) => a - b);
  const peaks = acceptedAt.map(
    (from, index) => acceptedAt.slice(index).filter((at) => at < from + 10).length,
  );
  return {
    backMs,
    peakPer10Ms: Math.max(0, ...peaks),
    spreadMs: (acceptedAt.at(-1) ?? 0) - (acceptedAt[0] ?? 0),
  };
}

/** Nobody calls: a client is back when it has come back by itself. */
async function allBack(server: Peer, { length }: readonly Caller[]): Promise<void> {
  while ((await server.ask<number[]>('accepted')).length < length) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Calls made before there is a server. */
export async function absentServer(arena: Arena, absentMs: number): Promise<Settled> {
  const server = await arena.serve();
  const { port } = server;
  await server.app.close();
  const client = arena.client(port);
  client.connect().catch(() => undefined);
  const call = settle(client.send('echo', 'early'), arena.patienceMs);
  await new Promise((resolve) => setTimeout(resolve, absentMs));
  await arena.serve(port);
  return call;
}

/** Three servers, of which each in turn goes and comes again while calls are made. */
export async function rollingRestart(
  arena: Arena,
): Promise<{ load: WorkloadResult; runs: number; repeatedRuns: number }> {
  const servers = [await arena.serve(), await arena.serve(), await arena.serve()];
  const client = arena.client(servers.map(({ port }) => port));
  await client.connect();
  const load = new Workload(client, 32, arena.patienceMs);
  const runs: string[] = [];
  for (const { app, port, controller } of [...servers]) {
    const { answeredSoFar } = load;
    while (load.answeredSoFar < answeredSoFar + 500) await new Promise((resolve) => setTimeout(resolve, 5));
    await app.close();
    runs.push(...controller.runs);
    servers.push(await arena.serve(port));
  }
  const result = await load.stop();
  runs.push(...servers.slice(3).flatMap(({ controller }) => controller.runs));
  return { load: result, runs: runs.length, repeatedRuns: repeated(runs).length };
}
