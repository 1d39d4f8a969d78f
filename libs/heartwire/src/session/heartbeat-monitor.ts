import { Observable, type Subscriber, type Subscription } from 'rxjs';

import type { Link } from '../link/link.js';
import type { Liveness } from '../timing/liveness-state.js';
import { watchLiveness } from '../timing/liveness.js';
import type { Runtime } from '../timing/runtime.js';

/** When the other end counts as gone. Both in ms. */
export interface HeartbeatSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** This end follows the round trip, up to the two above. */
  readonly adaptive?: boolean | undefined;
  /** Whether any byte is a sign of life here, or only a pong. */
  readonly countTraffic?: boolean | undefined;
}

/** The ping that no round trip is measured by: the timestamps of those that are come from the clock, and are never below 0. */
const UNTIMED = -2;

export interface HeartbeatMonitorHost {
  sendPing(timestamp: number): void;
  livenessChanged(link: Link, liveness: Liveness): void;
}

/** Watches one link: asks with pings, listens for anything, and tells when it is dead. */
export class HeartbeatMonitor {
  /** Who watches now, and hears the pongs. */
  private pongs: Subscriber<number | string> | undefined;
  private watching: Subscription;

  constructor(
    private readonly link: Link,
    private readonly runtime: Runtime,
    private settings: HeartbeatSettings,
    private readonly host: HeartbeatMonitorHost,
  ) {
    this.watching = this.watch();
  }

  get intervalMs(): number {
    return this.settings.intervalMs;
  }

  get timeoutMs(): number {
    return this.settings.timeoutMs;
  }

  /** Both ends use the smaller interval and the smaller timeout of the two (docs/protocol.md, section 3). */
  agree(theirIntervalMs = Infinity, theirTimeoutMs = Infinity): void {
    const timeoutMs = Math.min(this.settings.timeoutMs, theirTimeoutMs);
    // One end may state only a short timeout: the interval can't be longer.
    const intervalMs = Math.min(this.settings.intervalMs, theirIntervalMs, timeoutMs);
    if (intervalMs === this.settings.intervalMs && timeoutMs === this.settings.timeoutMs) return;
    this.settings = { ...this.settings, intervalMs, timeoutMs };
    this.watching.unsubscribe();
    this.watching = this.watch();
  }

  pong(timestamp: number | string): void {
    this.pongs?.next(timestamp);
  }

  /** Asks for a sign of life now, whether or not a ping is due. */
  ask(): void {
    this.host.sendPing(UNTIMED);
  }

  stop(): void {
    this.watching.unsubscribe();
  }

  private watch(): Subscription {
    const { clock, scheduler, random, defer } = this.runtime;
    let hasBegun = false;
    const watching = watchLiveness({
      ...this.settings,
      timeoutMs: this.timeoutMs * (this.link.patience ?? 1),
      clock,
      scheduler,
      random,
      link: this.link,
      ping: (timestamp) => {
        this.host.sendPing(timestamp);
      },
      pongs$: new Observable((pongs) => {
        this.pongs = pongs;
      }),
    }).subscribe((liveness) => {
      if (hasBegun) this.host.livenessChanged(this.link, liveness);
      // A link is being taken up just now: who hears of it may want to end its session, which must wait until that is done.
      else
        defer(() => {
          if (!watching.closed) this.host.livenessChanged(this.link, liveness);
        });
    });
    hasBegun = true;
    return watching;
  }
}
