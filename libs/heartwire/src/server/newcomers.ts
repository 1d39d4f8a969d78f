import type { Clock } from '../timing/clock.js';
import { type DeadlineKeeper, DeadlineSweep, systemTimers } from '../timing/deadline-sweep.js';

export interface NewcomerLimits {
  /** How many may be here at once. */
  readonly handshakes: number;
  readonly handshakeTimeoutMs: number;
}

export interface NewcomersHost<Newcomer> {
  /** Runs a task once what has come is read. */
  defer(task: () => void): void;
  /** It has said nothing for half of its time: it is to be asked for a sign of life. */
  ask(newcomer: Newcomer): void;
  /** It has said nothing in all of its time. */
  late(newcomer: Newcomer): void;
  /** It has been silent longest, and there are too many like it. */
  crowdedOut(newcomer: Newcomer): void;
}

/**
 * Connections that have said nothing yet. The second half of their time begins when they are asked, so a process that
 * was held up asks and listens before it judges.
 */
export class Newcomers<Newcomer> implements DeadlineKeeper {
  /** Both in the order in which their times end. */
  private readonly fresh = new Map<Newcomer, number>();
  private readonly asked = new Map<Newcomer, number>();
  /** Their time is over, but what they said in it may not be read yet. */
  private readonly overdue = new Set<Newcomer>();
  private readonly deadlines: DeadlineSweep;
  private readonly halfMs: number;

  constructor(
    private readonly limits: NewcomerLimits,
    private readonly clock: Clock,
    private readonly host: NewcomersHost<Newcomer>,
  ) {
    this.halfMs = limits.handshakeTimeoutMs / 2;
    this.deadlines = new DeadlineSweep(clock, systemTimers, this);
  }

  enter(newcomer: Newcomer): void {
    const askAt = this.clock.now() + this.halfMs;
    this.fresh.set(newcomer, askAt);
    this.deadlines.watch(askAt);
    if (this.count <= this.limits.handshakes) return;
    const [longest = newcomer] =
      [this.overdue, this.asked, this.fresh].find(({ size }) => size > 0)?.keys() ?? [];
    this.leave(longest);
    this.host.crowdedOut(longest);
  }

  /** It has spoken, or is gone. */
  leave(newcomer: Newcomer): void {
    const wasHere =
      this.fresh.delete(newcomer) || this.asked.delete(newcomer) || this.overdue.delete(newcomer);
    if (wasHere && this.count === 0) this.deadlines.stop();
  }

  expire(now: number): number {
    for (const newcomer of due(this.asked, now)) {
      this.asked.delete(newcomer);
      this.overdue.add(newcomer);
      this.host.defer(() => {
        if (!this.overdue.has(newcomer)) return;
        this.leave(newcomer);
        this.host.late(newcomer);
      });
    }
    for (const newcomer of due(this.fresh, now)) {
      this.fresh.delete(newcomer);
      this.asked.set(newcomer, now + this.halfMs);
      this.host.ask(newcomer);
    }
    return Math.min(firstOf(this.fresh), firstOf(this.asked));
  }

  private get count(): number {
    return this.fresh.size + this.asked.size + this.overdue.size;
  }
}

function due<Newcomer>(inOrder: ReadonlyMap<Newcomer, number>, now: number): Newcomer[] {
  const found: Newcomer[] = [];
  for (const [newcomer, at] of inOrder) {
    if (at > now) break;
    found.push(newcomer);
  }
  return found;
}

function firstOf(inOrder: ReadonlyMap<unknown, number>): number {
  const [first = Infinity] = inOrder.values();
  return first;
}
