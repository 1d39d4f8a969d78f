import type { Arena } from '../support/arena.js';
import { Workload, type WorkloadResult, repeated } from '../support/workload.js';
import { settle, type Settled } from '../support/settle.js';

/** What a call came to whose link was cut under way. */
export interface CutCall {
  /** How many bytes passed before the cut. */
  readonly bytes: number;
  readonly call: Settled;
  /** How often its handler ran. */
  readonly runs: number;
}

/** Cuts the link of one call after the given numbers of bytes of its request, or of its answer, each in turn. */
export async function cutAfterBytes(
  arena: Arena,
  direction: 'upstream' | 'downstream',
  ending: 'close' | 'reset',
  positions: (lengths: { request: number; answer: number }) => Iterable<number>,
): Promise<CutCall[]> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const { client } = await arena.connect(port);
  // A name of one length throughout, so that every request is as long as the first.
  let number = 100_000;
  const call = (): Promise<Settled> => settle(client.send('add', String(++number)), arena.patienceMs);
  await call();

  const lengths = await measure(call, () => server.sockets.at(-1));
  const results: CutCall[] = [];
  for (const bytes of positions(lengths)) {
    const { accepted } = proxy;
    proxy.cutAfter(bytes, { direction, ending });
    const settled = await call();
    const id = String(number);
    // The heartbeat brings the rest, where the message itself was shorter.
    while (proxy.accepted === accepted && !(await reconnects(call))) await new Promise(setImmediate);
    proxy.heal();
    await reconnects(call);
    results.push({ bytes, call: settled, runs: server.controller.runs.filter((run) => run === id).length });
  }
  return results;
}

/** How long a request and its answer are on the wire. */
async function measure(
  call: () => Promise<Settled>,
  socket: () => { readonly bytesRead: number; readonly bytesWritten: number } | undefined,
): Promise<{ request: number; answer: number }> {
  let shortest = { request: Infinity, answer: Infinity };
  // Heartbeats come in between: the shortest of some is the call alone.
  for (let n = 0; n < 5; n++) {
    const before = { read: socket()?.bytesRead ?? 0, written: socket()?.bytesWritten ?? 0 };
    await call();
    const request = (socket()?.bytesRead ?? 0) - before.read;
    const answer = (socket()?.bytesWritten ?? 0) - before.written;
    if (request + answer < shortest.request + shortest.answer) shortest = { request, answer };
  }
  return shortest;
}

async function reconnects(call: () => Promise<Settled>): Promise<boolean> {
  return (await call()).how === 'answered';
}

/** Cuts the link so many times, every 100 to 300 ms, under a load of calls that must not run twice. */
export async function cutAgainAndAgain(
  arena: Arena,
  times: number,
): Promise<{ load: WorkloadResult; runs: number; repeatedRuns: number }> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const { client } = await arena.connect(port);
  const load = new Workload(client, 64, arena.patienceMs);
  for (let cuts = 0; cuts < times; cuts++) {
    await new Promise((resolve) => setTimeout(resolve, 100 + ((cuts * 73) % 200)));
    if (cuts % 2 === 0) proxy.reset();
    else proxy.cut();
  }
  const result = await load.stop();
  const { runs } = server.controller;
  return { load: result, runs: runs.length, repeatedRuns: repeated(runs).length };
}
