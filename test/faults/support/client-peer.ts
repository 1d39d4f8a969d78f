import { Logger } from '@nestjs/common';
import { HeartwireClient } from 'heartwire';

import { answer, block } from './answer.js';
import { type Caller, type Contestant, contestantOf } from './contestants.js';
import { Workload } from './workload.js';
import { settle } from './settle.js';

Logger.overrideLogger(false);

let client: Caller | undefined;
let load: Workload | undefined;
/** The states that its own watch on the connection has told. */
const verdicts: string[] = [];

function connected(): Caller {
  if (client === undefined) throw new Error('not connected');
  return client;
}

/** What a client in a process of its own is told. */
export interface ConnectCommand {
  readonly contestant: Pick<Contestant, 'name' | 'settings'>;
  readonly port: number;
  readonly host?: string;
}

answer({
  async connect({ contestant, port, host = '127.0.0.1' }: ConnectCommand): Promise<void> {
    client = contestantOf(contestant).client([port], host);
    if (client instanceof HeartwireClient) client.liveness$.subscribe(({ state }) => verdicts.push(state));
    await client.connect();
  },
  call: async ({ pattern, data, patienceMs }: { pattern: string; data: unknown; patienceMs: number }) => {
    const { how, value, error, afterMs } = await settle(connected().send(pattern, data), patienceMs);
    return { how, value, error: error instanceof Error ? error.message : error, afterMs };
  },
  startLoad({ inFlight, patienceMs }: { inFlight: number; patienceMs: number }): void {
    load = new Workload(connected(), inFlight, patienceMs);
  },
  stopLoad: () => load?.stop(),
  answeredSoFar: () => load?.answeredSoFar ?? 0,
  verdicts: (): readonly string[] => verdicts,
  block(ms: number): void {
    setImmediate(block, ms);
  },
  /** Stops this very process, as a debugger or a closed lid does; somebody else must wake it. */
  suspend(): void {
    setImmediate(() => process.kill(process.pid, 'SIGSTOP'));
  },
});
