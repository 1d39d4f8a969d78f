import { HeartwireClient } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/until.js';
import { FuzzedServer } from './fuzzed-server.js';
import { type Case, caseOf, readCorpus } from './traffic.js';

export interface FuzzOptions {
  readonly seed: number;
  /** Whether to go on, after so many connections. */
  readonly goesOn: (connections: number) => boolean;
}

export interface FuzzResult {
  readonly connections: number;
  /** By how much what the server holds, without garbage, has grown since it was warm. In bytes. */
  readonly grownBytes: number;
}

/** Connections at once. */
const BATCH = 25;
/** Code is compiled and buffers have grown after so many batches. */
const WARM_BATCHES = 8;
/** One that waits waits so long, in ms. */
const WAIT_MS = 5;

/**
 * Sends all sorts of traffic to a server in a process of its own, while a client calls it.
 *
 * @throws Error that names the seed and the connections: when the server ends, a call of the client fails, or something
 * stays behind
 */
export async function fuzz({ seed, goesOn }: FuzzOptions): Promise<FuzzResult> {
  const corpus = readCorpus();
  const { server, url } = await FuzzedServer.start();
  const client = new HeartwireClient({ url });
  let connections = 0;
  let warmBytes: number | undefined;
  try {
    await client.connect();
    for (let batch = 0; batch < WARM_BATCHES + 1 || goesOn(connections); batch++) {
      const cases = Array.from({ length: BATCH }, (_, index) => caseOf(seed, connections + index, corpus));
      await Promise.all(cases.map((each) => play(url, each)));
      const answer: unknown = await firstValueFrom(client.send('echo', { batch }, { timeoutMs: 10_000 }));
      if (JSON.stringify(answer) !== JSON.stringify({ batch }))
        throw new Error('the client got a wrong answer');
      connections += BATCH;
      if (batch === WARM_BATCHES - 1) warmBytes = await settled(server);
    }
    const heldBytes = await settled(server);
    return { connections, grownBytes: heldBytes - (warmBytes ?? heldBytes) };
  } catch (error) {
    await server.state().catch((ended: unknown) => {
      throw new Error(`${at(seed, connections)}: ${String(ended)}`);
    });
    throw new Error(at(seed, connections), { cause: error });
  } finally {
    await client.close();
    await server.stop();
  }
}

const at = (seed: number, connections: number): string =>
  `with seed ${seed}, in connections ${connections} to ${connections + BATCH - 1}`;

async function play(url: string, { pieces, end }: Case): Promise<void> {
  const peer = await RawPeer.connect(url);
  for (const piece of pieces) {
    peer.write(piece);
    // Lets the pieces be packets of their own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (end === 'waits') await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  if (end === 'resets') peer.socket.resetAndDestroy();
  else peer.socket.end();
  await peer.closed();
}

/** Waits until nothing runs and nobody but the client is connected. @returns what the server then holds */
async function settled(server: FuzzedServer): Promise<number> {
  let state = await server.state();
  await until('all that was left behind is gone', async () => {
    state = await server.state();
    return state.connections === 1 && state.runningCalls === 0;
  });
  return state.heldBytes;
}
