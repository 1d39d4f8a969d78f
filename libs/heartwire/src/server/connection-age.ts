import { LONGEST_DELAY_MS } from '../timing/longest-delay.js';

type Timer = ReturnType<typeof setTimeout>;

/** So that connections which came together don't go together. */
const JITTER = 0.1;

/** Tells when a connection has grown old: one timer for each, and none where age doesn't count. */
export class ConnectionAge<Connection> {
  private readonly timers = new Map<Connection, Timer>();

  constructor(
    /** In ms, ±10 %; `Infinity` for never. */
    private readonly maxAgeMs: number,
    /** Uniform in [0, 1). */
    private readonly random: () => number,
    private readonly onOld: (connection: Connection) => void,
  ) {}

  /** It has a link from now on. */
  begin(connection: Connection): void {
    if (this.maxAgeMs === Infinity) return;
    this.end(connection);
    const delayMs = this.maxAgeMs * (1 - JITTER + 2 * JITTER * this.random());
    const timer = setTimeout(
      () => {
        this.timers.delete(connection);
        this.onOld(connection);
      },
      Math.min(delayMs, LONGEST_DELAY_MS),
    );
    this.timers.set(connection, timer);
  }

  /** It has no link any more, or is on its way out already. */
  end(connection: Connection): void {
    clearTimeout(this.timers.get(connection));
    this.timers.delete(connection);
  }
}
