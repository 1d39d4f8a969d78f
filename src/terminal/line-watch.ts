import type { HeartwireClient } from 'heartwire';
import { Subject, Subscription } from 'rxjs';

import { type LineState, lineState$ } from '../user/line-state.js';

/** Keeps an eye on the connection. */
export class LineWatch {
  state: LineState = 'offline';
  readonly changed$ = new Subject<LineState>();

  private readonly watching = new Subscription();
  private connections = 0;

  constructor(private readonly client: HeartwireClient) {
    this.watching.add(
      lineState$(client.status, client.liveness$).subscribe((state) => {
        this.state = state;
        this.changed$.next(state);
      }),
    );
    client.on('connect', () => {
      this.connections += 1;
    });
  }

  /** How the connection is, in a line. */
  get report(): string {
    const [endpoint] = this.client.endpoints;
    const { roundTripMs, missed = 0 } = endpoint?.liveness ?? {};
    const facts = [
      `connection: ${this.state}`,
      `to ${endpoint?.endpoint ?? 'nowhere'}`,
      `round trip ${roundTripMs === undefined ? 'not measured yet' : `${roundTripMs.toFixed(1)} ms`}`,
      `missed beats ${String(missed)}`,
      `reconnects ${String(Math.max(0, this.connections - 1))}`,
    ];
    return facts.join(', ');
  }

  stop(): void {
    this.watching.unsubscribe();
    this.changed$.complete();
  }
}
