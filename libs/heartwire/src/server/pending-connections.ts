import type { Clock } from '../timing/clock.js';
import { type DeadlineKeeper, DeadlineSweep, systemTimers } from '../timing/deadline-sweep.js';

export interface PendingConnectionLimits {
  /** How many may be here at once. */
  readonly handshakes: number;
  readonly handshakeTimeoutMs: number;
}

export interface PendingConnectionsHost<Connection> {
  /** Runs a task once what has come is read. */
  defer(task: () => void): void;
  /** It has said nothing for half of its time: it is to be asked for a sign of life. */
  ask(connection: Connection): void;
  /** It has said nothing in all of its time. */
  late(connection: Connection): void;
  /** It has been silent longest, and there are too many like it. */
  crowdedOut(connection: Connection): void;
}

/**
 * Connections that have said nothing yet. The second half of their time begins when they are asked, so a process that
 * was held up asks and listens before it judges.
 */
export class PendingConnections<Connection> implements DeadlineKeeper {
  /** Both in the order in which their times end. */
  private readonly fresh = new Map<Connection, number>();
  private readonly asked = new Map<Connection, number>();
  /** Their time is over, but what they said in it may not be read yet. */
  private readonly overdue = new Set<Connection>();
  private readonly deadlines: DeadlineSweep;
  private readonly halfMs: number;

  constructor(
    private readonly limits: PendingConnectionLimits,
    private readonly clock: Clock,
    private readonly host: PendingConnectionsHost<Connection>,
  ) {
    this.halfMs = limits.handshakeTimeoutMs / 2;
    this.deadlines = new DeadlineSweep(clock, systemTimers, this);
  }

  enter(connection: Connection): void {
    const askAt = this.clock.now() + this.halfMs;
    this.fresh.set(connection, askAt);
    this.deadlines.watch(askAt);
    if (this.count <= this.limits.handshakes) return;
    const [longest = connection] =
      [this.overdue, this.asked, this.fresh].find(({ size }) => size > 0)?.keys() ?? [];
    this.leave(longest);
    this.host.crowdedOut(longest);
  }

  /** It has spoken, or is gone. */
  leave(connection: Connection): void {
    const wasHere =
      this.fresh.delete(connection) || this.asked.delete(connection) || this.overdue.delete(connection);
    if (wasHere && this.count === 0) this.deadlines.stop();
  }

  expire(now: number): number {
    for (const connection of due(this.asked, now)) {
      this.asked.delete(connection);
      this.overdue.add(connection);
      this.host.defer(() => {
        if (!this.overdue.has(connection)) return;
        this.leave(connection);
        this.host.late(connection);
      });
    }
    for (const connection of due(this.fresh, now)) {
      this.fresh.delete(connection);
      this.asked.set(connection, now + this.halfMs);
      this.host.ask(connection);
    }
    return Math.min(firstOf(this.fresh), firstOf(this.asked));
  }

  private get count(): number {
    return this.fresh.size + this.asked.size + this.overdue.size;
  }
}

function due<Connection>(inOrder: ReadonlyMap<Connection, number>, now: number): Connection[] {
  const found: Connection[] = [];
  for (const [connection, at] of inOrder) {
    if (at > now) break;
    found.push(connection);
  }
  return found;
}

function firstOf(inOrder: ReadonlyMap<unknown, number>): number {
  const [first = Infinity] = inOrder.values();
  return first;
}
