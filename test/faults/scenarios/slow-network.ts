import { lastValueFrom } from 'rxjs';

import type { Arena } from '../support/arena.js';
import type { Caller } from '../support/contestants.js';
import type { Serving } from '../support/serve.js';
import { settle } from '../support/settle.js';
import { isStill, verdictsOf } from '../support/verdicts.js';

/** What a long way took, and what the client's watch said meanwhile. */
export interface Transfer {
  readonly ms: number;
  readonly isSameSocket: boolean;
  readonly verdicts: readonly string[];
}

const IN_FLIGHT = 16;
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
