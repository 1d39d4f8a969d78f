import { lastValueFrom, take } from 'rxjs';

import type { Arena } from '../support/arena.js';
import type { Caller } from '../support/contestants.js';
import { Workload } from '../support/workload.js';
import { settle } from '../support/settle.js';

/** What the process holds once all that was made is settled, after one round. */
export interface Holdings {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Sockets, servers and timers, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Calls answered in this round, and those that were not. */
  readonly answered: number;
  readonly failed: number;
}

const BREATH_MS = 200;

/**
 * Calls, streams, cancels, events and clients that come and go, over links that break, round after round.
 * After each, all is let go of that can be, and what is left is counted.
 */
export async function soak(
  arena: Arena,
  seconds: number,
  rounds: number,
  tell: (holdings: Holdings) => void,
): Promise<Holdings[]> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const { client } = await arena.connect(port);
  const all: Holdings[] = [];
  for (let round = 0; round < rounds; round++) {
    const load = new Workload(client, 32, arena.patienceMs);
    const endAt = performance.now() + (seconds * 1_000) / rounds - BREATH_MS;
    while (performance.now() < endAt) {
      await makeUse(client, arena.patienceMs);
      await visit(arena, port);
      proxy.reset();
    }
    const { answered, failures } = await load.stop();
    server.controller.runs.length = 0;
    (server.sockets as unknown[]).length = 0;
    await settle(client.send('echo', 'back again'), arena.patienceMs);
    await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
    const holdings = { ...held(), answered, failed: failures.length };
    tell(holdings);
    all.push(holdings);
  }
  return all;
}

async function makeUse(client: Caller, patienceMs: number): Promise<void> {
  await settle(client.send('items', { count: 50, bytes: 1_000 }), patienceMs);
  await settle(client.send('items', { count: 50, bytes: 1_000 }).pipe(take(1)), patienceMs);
  await settle(client.send('echo', 'x'.repeat(100_000)), patienceMs);
  for (let n = 0; n < 20; n++) client.emit('note', 'x');
  client.send('take time', { id: 'nobody waits for it', ms: 50 }).subscribe().unsubscribe();
}

/** Another client comes, calls and goes. */
async function visit(arena: Arena, port: number): Promise<void> {
  const visitor = arena.contestant.client([port], '127.0.0.1');
  try {
    await lastValueFrom(visitor.send('echo', 'hello'));
  } catch {
    // Where the link is cut, some transports fail.
  }
  await visitor.close();
}

function held(): Pick<Holdings, 'residentBytes' | 'heapBytes' | 'resources'> {
  // Twice: what the first frees in its finalizers the second collects.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { residentBytes: rss, heapBytes: heapUsed + external, resources };
}

const RESIDENT_SLACK_BYTES = 24 * 2 ** 20;
const HEAP_SLACK_BYTES = 3 * 2 ** 20;
const RESOURCES_SLACK = 2;

/** What has grown between the rounds after warming up and the last ones; nothing, where all is flat. */
export function growth(all: readonly Holdings[]): string[] {
  const third = Math.max(Math.floor(all.length / 3), 1);
  const early = all.slice(third, 2 * third);
  const late = all.slice(-third);
  const grown: string[] = [];
  const compare = (what: string, of: (holdings: Holdings) => number, slack: number): void => {
    const [before, after] = [median(early.map(of)), median(late.map(of))];
    if (after > before + slack) grown.push(`${what}: from ${before} to ${after}`);
  };
  compare('resident bytes', ({ residentBytes }) => residentBytes, RESIDENT_SLACK_BYTES);
  compare('heap bytes', ({ heapBytes }) => heapBytes, HEAP_SLACK_BYTES);
  for (const kind of new Set(all.flatMap(({ resources }) => Object.keys(resources)))) {
    compare(kind, ({ resources }) => resources[kind] ?? 0, RESOURCES_SLACK);
  }
  return grown;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
