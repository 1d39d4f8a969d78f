import type { ConnectionStatus, HeartwireClient, Liveness } from 'heartwire';
import { Subscription } from 'rxjs';

/** How the gateway's connection to a service is, and how often it broke. */
export interface ConnectionReport {
  readonly url: string;
  readonly status: ConnectionStatus;
  /** `null` while there is no connection. */
  readonly liveness: LivenessReport | null;
  readonly reconnects: number;
  /** ISO 8601; `null` if it never was. */
  readonly lostAt: string | null;
  readonly backAt: string | null;
}

interface LivenessReport extends Pick<Liveness, 'state' | 'missed' | 'silentForMs'> {
  readonly roundTripMs: number | null;
  readonly smoothedRoundTripMs: number | null;
  /** When this was measured: ISO 8601. */
  readonly at: string;
}

/** Opens the connection to one service, and keeps its record. */
export class ConnectionRecord {
  private readonly watching = new Subscription();
  private status: ConnectionStatus = 'closed';
  private liveness: LivenessReport | null = null;
  private reconnects = 0;
  private lostAt: Date | undefined;
  private backAt: Date | undefined;

  constructor(
    private readonly client: HeartwireClient,
    private readonly url: string,
  ) {}

  get report(): ConnectionReport {
    const { url, status, liveness, reconnects } = this;
    return { url, status, liveness, reconnects, lostAt: iso(this.lostAt), backAt: iso(this.backAt) };
  }

  begin(): void {
    this.watching.add(this.client.status.subscribe((status) => this.statusChanged(status)));
    this.watching.add(this.client.liveness$.subscribe((liveness) => this.livenessChanged(liveness)));
    // It comes up in the background. Only a gateway that stops meanwhile rejects this.
    this.client.connect().catch(() => undefined);
  }

  end(): void {
    this.watching.unsubscribe();
  }

  private statusChanged(status: ConnectionStatus): void {
    if (this.status === 'connected') {
      this.lostAt = new Date();
      this.liveness = null;
    }
    this.status = status;
    if (status !== 'connected' || this.lostAt === undefined) return;
    this.backAt = new Date();
    this.reconnects += 1;
  }

  private livenessChanged({ state, missed, silentForMs, roundTripMs, smoothedRoundTripMs }: Liveness): void {
    this.liveness = {
      state,
      roundTripMs: roundTripMs ?? null,
      smoothedRoundTripMs: smoothedRoundTripMs ?? null,
      missed,
      silentForMs,
      at: new Date().toISOString(),
    };
  }
}

function iso(date: Date | undefined): string | null {
  return date?.toISOString() ?? null;
}
