import type { HeartwireClient, SendOptions } from 'heartwire';
import { firstValueFrom } from 'rxjs';

/** Calls that are made one after another, by several callers at once, until it is stopped. */
export class Load {
  readonly answers: string[] = [];
  readonly failures: unknown[] = [];
  private isStopped = false;
  private readonly callers: Promise<void>[];

  constructor(
    private readonly client: HeartwireClient,
    concurrency: number,
    private readonly options: SendOptions = {},
  ) {
    this.callers = Array.from({ length: concurrency }, () => this.callAgainAndAgain());
  }

  /** Who has answered since the count was so high. */
  since(count: number): ReadonlySet<string> {
    return new Set(this.answers.slice(count));
  }

  /** Resolves when the last call is settled. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.callers);
  }

  private async callAgainAndAgain(): Promise<void> {
    while (!this.isStopped) {
      try {
        this.answers.push(await firstValueFrom(this.client.send<string>('who', {}, this.options)));
      } catch (error) {
        this.failures.push(error);
      }
      // Lets timers and sockets of this process have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
