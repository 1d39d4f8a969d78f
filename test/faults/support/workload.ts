import type { Observable } from 'rxjs';

import type { Caller } from './contestants.js';
import { settle, type Settled } from './settle.js';

/** What a load came to. */
export interface WorkloadResult {
  readonly made: number;
  readonly answered: number;
  /** Neither answered nor failed when patience ran out. */
  readonly open: number;
  readonly failures: readonly Failure[];
  /** How long the slowest call took, in ms. */
  readonly slowestMs: number;
}

export interface Failure {
  readonly id: string;
  readonly code: string;
  /** What the error says of the call; only Heartwire's errors say it. */
  readonly sent: string | undefined;
}

/** Keeps some calls under way, each with an id of its own, until it is stopped. */
export class Workload {
  private isRunning = true;
  private made = 0;
  private answered = 0;
  private open = 0;
  private slowestMs = 0;
  private readonly failures: Failure[] = [];
  private readonly loops: Promise<void>[];

  constructor(
    private readonly client: Caller,
    inFlight: number,
    private readonly patienceMs: number,
    private readonly makeCall = (client: Caller, id: string): Observable<unknown> => client.send('add', id),
    private readonly prefix = '',
  ) {
    this.loops = Array.from({ length: inFlight }, () => this.loop());
  }

  get answeredSoFar(): number {
    return this.answered;
  }

  /** Makes no more calls, and waits for those under way. */
  async stop(): Promise<WorkloadResult> {
    this.isRunning = false;
    await Promise.all(this.loops);
    const { made, answered, open, failures, slowestMs } = this;
    return { made, answered, open, failures, slowestMs };
  }

  private async loop(): Promise<void> {
    while (this.isRunning) {
      const id = `${this.prefix}${this.made++}`;
      this.note(id, await settle(this.makeCall(this.client, id), this.patienceMs));
      // A call that fails at once must not keep input from being read.
      await new Promise(setImmediate);
    }
  }

  private note(id: string, { how, error, afterMs }: Settled): void {
    this.slowestMs = Math.max(this.slowestMs, afterMs);
    if (how === 'answered') this.answered += 1;
    else if (how === 'open') this.open += 1;
    else this.failures.push({ id, ...reasonOf(error) });
  }
}

function reasonOf(error: unknown): Omit<Failure, 'id'> {
  const { code, sent, message } = error as { code?: string; sent?: string; message?: string };
  return { code: code ?? message ?? String(error), sent };
}

/** The ids that are there more than once. */
export function repeated(ids: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.has(id) || !seen.add(id));
}
