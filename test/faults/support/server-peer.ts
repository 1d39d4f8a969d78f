import { monitorEventLoopDelay } from 'node:perf_hooks';

import { answer, block } from './answer.js';
import { type Contestant, contestantOf } from './contestants.js';
import { closing, serve, type Serving } from './serve.js';
import { timeOf } from './settle.js';

let serving: Serving | undefined;
const acceptedAt: number[] = [];
const delays = monitorEventLoopDelay();
delays.enable();

/** What a server in a process of its own is told. */
export interface ListenCommand {
  readonly contestant: Pick<Contestant, 'name' | 'settings'>;
  readonly port?: number;
  readonly host?: string;
  /** Where it notes what it ran. */
  readonly log?: string;
}

answer({
  async listen({ contestant, port, host, log }: ListenCommand): Promise<number> {
    serving = await serve(contestantOf(contestant), port, host);
    if (log !== undefined) serving.controller.logTo(log);
    serving.app.unwrap<NodeJS.EventEmitter>().on('connection', () => acceptedAt.push(performance.now()));
    return serving.port;
  },
  runs: (): readonly string[] => serving?.controller.runs ?? [],
  /** How late a timer of this process has been at most. */
  latestTimerMs: (): number => delays.max / 1e6,
  /** When connections were accepted, in ms, on this process's clock. */
  accepted: (): readonly number[] => acceptedAt,
  /** When its first socket closed, counted from now, in ms. */
  closed(patienceMs: number): Promise<number | undefined> {
    const [socket] = serving?.sockets ?? [];
    if (socket === undefined) throw new Error('nobody connected');
    return timeOf(closing(socket), patienceMs);
  },
  block(ms: number): void {
    setImmediate(block, ms);
  },
  close: () => serving?.app.close(),
});
