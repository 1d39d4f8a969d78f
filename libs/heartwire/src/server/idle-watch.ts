import type { Clock } from '../timing/clock.js';

/** How often all are looked at within the time that they may be idle. */
const LOOKS = 4;

interface Seen {
  readonly useCount: number | undefined;
  readonly at: number;
}

/** What the watch needs to know of connections, and whom it tells. */
export interface IdleWatchHost<Connection> {
  /** Changes with each use; `undefined` while the connection is in use. */
  useCountOf(connection: Connection): number | undefined;
  onIdle(connection: Connection): void;
}

/**
 * Tells which connections nobody has used for a while. Messages only count: no clock is read for them, and
 * one timer looks at all connections now and then. None runs where idleness doesn't count.
 */
export class IdleWatch<Connection> {
  private readonly seen = new Map<Connection, Seen>();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    /** In ms; `Infinity` for never. It is noticed up to a quarter later. */
    private readonly maxIdleMs: number,
    private readonly clock: Clock,
    private readonly host: IdleWatchHost<Connection>,
  ) {}

  /** It has a link from now on. */
  begin(connection: Connection): void {
    if (this.maxIdleMs === Infinity) return;
    this.seen.set(connection, { useCount: this.host.useCountOf(connection), at: this.clock.now() });
    this.timer ??= setInterval(this.look, this.maxIdleMs / LOOKS);
  }

  /** It has no link any more, or is on its way out already. */
  end(connection: Connection): void {
    this.seen.delete(connection);
    if (this.seen.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private readonly look = (): void => {
    const now = this.clock.now();
    for (const [connection, { useCount, at }] of this.seen) {
      const current = this.host.useCountOf(connection);
      if (current === undefined || current !== useCount) {
        this.seen.set(connection, { useCount: current, at: now });
      } else if (now - at >= this.maxIdleMs) {
        this.end(connection);
        this.host.onIdle(connection);
      }
    }
  };
}
