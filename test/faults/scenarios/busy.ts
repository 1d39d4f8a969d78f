import { HeartwireClient } from 'heartwire';
import type { Socket } from 'node:net';
import { lastValueFrom } from 'rxjs';

import type { Arena } from '../support/arena.js';
import { block } from '../support/answer.js';
import type { Caller } from '../support/contestants.js';
import type { WorkloadResult } from '../support/workload.js';
import { Workload, repeated } from '../support/workload.js';
import type { Serving } from '../support/serve.js';
import { settle } from '../support/settle.js';

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
  if (how === 'blocked') {
    await client.ask('block', ms);
  } else {
    await client.ask('suspend');
    await new Promise((resolve) => setTimeout(resolve, ms));
    client.thaw();
  }
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

/** What a long way took, and what the client's watch said meanwhile. */
export interface Transfer {
  readonly ms: number;
  readonly isSameSocket: boolean;
  readonly verdicts: readonly string[];
}

const PIECE_BYTES = 65_536;

/** Calls whose data, or whose answers, fill a network that passes so many bytes in a second. */
export async function slowTransfer(
  arena: Arena,
  direction: 'upstream' | 'downstream',
  bytes: number,
  bytesPerSecond: number,
): Promise<Transfer> {
  return transfer(arena, bytesPerSecond, async (client) => {
    const piece = 'x'.repeat(PIECE_BYTES);
    let left = Math.ceil(bytes / PIECE_BYTES);
    const loop = async (): Promise<void> => {
      while (left-- > 0) {
        await lastValueFrom(
          direction === 'upstream' ? client.send('length', piece) : client.send('text', PIECE_BYTES),
        );
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  });
}

/** Events, which nobody answers, or one stream: nothing goes the other way but what the transport itself says. */
export async function oneWay(
  arena: Arena,
  direction: 'upstream' | 'downstream',
  bytes: number,
  bytesPerSecond: number,
): Promise<Transfer> {
  const count = Math.ceil(bytes / PIECE_BYTES);
  return transfer(arena, bytesPerSecond, async (client, { controller }) => {
    if (direction === 'downstream') {
      await lastValueFrom(client.send('items', { count, bytes: PIECE_BYTES }));
      return;
    }
    const piece = 'x'.repeat(PIECE_BYTES);
    for (let n = 0; n < count; n++) client.emit('note', piece);
    while (controller.notes < count) await new Promise((resolve) => setTimeout(resolve, 5));
  });
}

async function transfer(
  arena: Arena,
  bytesPerSecond: number,
  run: (client: Caller, serving: Serving) => Promise<void>,
): Promise<Transfer> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const { client, socket } = await arena.connect(port);
  const verdicts = verdictsOf(client);
  await settle(client.send('echo', 1), arena.patienceMs);
  proxy.slow({ bytesPerSecond });
  const begunAt = performance.now();
  await run(client, server);
  return { ms: performance.now() - begunAt, isSameSocket: isStill(client, socket), verdicts };
}

function verdictsOf(client: Caller): readonly string[] {
  const verdicts: string[] = [];
  if (client instanceof HeartwireClient) client.liveness$.subscribe(({ state }) => verdicts.push(state));
  return verdicts;
}

function isStill(client: Caller, socket: Socket): boolean {
  return client.unwrap() === socket && !socket.destroyed;
}

async function untilAnswered(ask: (command: string) => Promise<unknown>, count: number): Promise<void> {
  while (((await ask('answeredSoFar')) as number) < count)
    await new Promise((resolve) => setTimeout(resolve, 5));
}
