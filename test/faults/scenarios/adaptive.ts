import { HeartwireClient, type Liveness } from 'heartwire';

import type { Arena, Connected } from '../support/arena.js';
import { closing } from '../support/serve.js';
import { settle, timeOf } from '../support/settle.js';
import { isStill, verdictsOf } from '../support/verdicts.js';

/** What a client's watch said of an idle connection. */
export interface Watched {
  readonly verdicts: readonly string[];
  /** Those since it had measured a round trip. */
  readonly measuredVerdicts: readonly string[];
  readonly isSameSocket: boolean;
}

/** An idle connection over a network that has been slow from the start, watched for so long or until it is given up. */
export async function slowFromTheStart(arena: Arena, delayMs: number, ms: number): Promise<Watched> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  proxy.slow({ delayMs });
  return watch(await arena.connect(port), ms);
}

/** The same, over a network that is slow from the moment the client is connected. */
export async function slowOnceConnected(arena: Arena, delayMs: number, ms: number): Promise<Watched> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const connected = await arena.connect(port);
  proxy.slow({ delayMs });
  return watch(connected, ms);
}

async function watch({ client, socket }: Connected, ms: number): Promise<Watched> {
  const verdicts = verdictsOf(client);
  const measuredVerdicts = verdictsOf(client, ({ roundTripMs }) => roundTripMs !== undefined);
  await timeOf(closing(socket), ms);
  return { verdicts, measuredVerdicts, isSameSocket: !socket.destroyed && isStill(client, socket) };
}

/** A quick network that passes nothing any more, once the client's watch has come to its pace. */
export async function quickThenSilent(
  arena: Arena,
  hasPace: (liveness: Liveness) => boolean,
): Promise<number | undefined> {
  const server = await arena.serve();
  const { proxy, port } = await arena.proxy(server.port);
  const { client, socket } = await arena.connect(port);
  await settle(client.send('echo', 'both ends are ready'), arena.patienceMs);
  await paceOf(client, hasPace);
  proxy.swallow();
  return timeOf(closing(socket), arena.patienceMs);
}

async function paceOf(client: unknown, hasPace: (liveness: Liveness) => boolean): Promise<void> {
  if (!(client instanceof HeartwireClient)) return;
  const now = (): Liveness | undefined => client.endpoints[0]?.liveness;
  for (let liveness = now(); liveness === undefined || !hasPace(liveness); liveness = now()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
