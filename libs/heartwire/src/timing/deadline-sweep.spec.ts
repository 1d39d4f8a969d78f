import { describe, expect, it } from '@jest/globals';

import { FakeTime } from '../../../../test/support/fake-time.js';
import { type DeadlineKeeper, DeadlineSweep } from './deadline-sweep.js';

/** A sweep over open deadlines: what it settled at which moment, and how often it looked. */
class SweptDeadlines implements DeadlineKeeper {
  readonly time = new FakeTime();
  readonly settled: (readonly [deadlineAt: number, at: number])[] = [];
  looks = 0;
  /** Does more while the deadline is settled. */
  onSettled: (deadlineAt: number) => void = () => {};
  readonly sweep = new DeadlineSweep(this.time.clock, this.time.timers, this);
  private readonly open = new Set<number>();

  watch(...deadlines: number[]): this {
    for (const deadlineAt of deadlines) {
      this.open.add(deadlineAt);
      this.sweep.watch(deadlineAt);
    }
    return this;
  }

  expire(now: number): number {
    this.looks += 1;
    const due = [...this.open].filter((deadlineAt) => deadlineAt <= now);
    for (const deadlineAt of due) this.open.delete(deadlineAt);
    const next = Math.min(...this.open);
    for (const deadlineAt of due) {
      this.settled.push([deadlineAt, now]);
      this.onSettled(deadlineAt);
    }
    return next;
  }
}

describe('DeadlineSweep', () => {
  it('holds one timer for any number of deadlines, and sets none for later ones', () => {
    const { time } = new SweptDeadlines().watch(...Array.from({ length: 1_000 }, (_, call) => 6_000 + call));
    expect(time.timersRunning).toBe(1);
    expect(time.timersSet).toBe(1);
  });

  it('lets the earliest win, whenever it was watched', () => {
    const deadlines = new SweptDeadlines().watch(3_000, 2_000, 4_000);
    expect(deadlines.time.timersRunning).toBe(1);
    deadlines.time.pass(10_000);
    expect(deadlines.settled).toEqual([
      [2_000, 2_001],
      [3_000, 3_001],
      [4_000, 4_001],
    ]);
  });

  it('leaves no timer when nothing is left to watch', () => {
    const { time } = new SweptDeadlines().watch(2_000);
    time.pass(2_000);
    expect(time.timersRunning).toBe(0);
  });

  it('never settles a deadline before its time, though timers fire up to a millisecond early', () => {
    const deadlines = new SweptDeadlines().watch(2_000.25, 2_500.75, 3_000);
    deadlines.time.pass(5_000, 0.99);
    expect(deadlines.settled).toHaveLength(3);
    for (const [deadlineAt, at] of deadlines.settled) {
      expect(at).toBeGreaterThanOrEqual(deadlineAt);
      expect(at - deadlineAt).toBeLessThanOrEqual(2);
    }
    expect(deadlines.looks).toBe(3);
  });

  it('looks again, and settles nothing, when a timer fires much too early', () => {
    const deadlines = new SweptDeadlines().watch(2_000);
    deadlines.time.pass(500);
    deadlines.time.fire();
    expect(deadlines.looks).toBe(0);
    expect(deadlines.time.timersRunning).toBe(1);
    deadlines.time.pass(1_000);
    expect(deadlines.settled).toEqual([[2_000, 2_001]]);
  });

  it('meets deadlines that lie close together in one go, none later than the granularity', () => {
    const close = Array.from({ length: 100 }, (_, call) => 2_000 + call);
    const deadlines = new SweptDeadlines().watch(...close);
    deadlines.time.pass(2_000);
    expect(deadlines.settled.map(([deadlineAt]) => deadlineAt)).toEqual(close);
    for (const [deadlineAt, at] of deadlines.settled) expect(at - deadlineAt).toBeLessThanOrEqual(10);
    expect(deadlines.looks).toBeLessThanOrEqual(11);
  });

  it('settles a deadline that has passed soon, but not in the call that watches it', () => {
    const deadlines = new SweptDeadlines().watch(500);
    expect(deadlines.settled).toEqual([]);
    deadlines.time.pass(20);
    expect(deadlines.settled).toEqual([[500, 1_010]]);
  });

  it('waits for a deadline that is further away than timers can count', () => {
    const deadlineAt = 2 ** 32;
    const deadlines = new SweptDeadlines().watch(deadlineAt);
    deadlines.time.pass(2 ** 31 + 5_000);
    expect(deadlines.settled).toEqual([]);
    deadlines.time.pass(2 ** 31);
    expect(deadlines.settled).toEqual([[deadlineAt, deadlineAt + 1]]);
  });

  it('watches what is added while it settles', () => {
    const deadlines = new SweptDeadlines().watch(2_000, 9_000);
    deadlines.onSettled = (deadlineAt) => {
      if (deadlineAt === 2_000) deadlines.watch(3_000);
    };
    deadlines.time.pass(2_500);
    expect(deadlines.settled.map(([deadlineAt]) => deadlineAt)).toEqual([2_000, 3_000]);
    expect(deadlines.time.timersRunning).toBe(1);
  });

  it('forgets everything on stop, and can be used again', () => {
    const deadlines = new SweptDeadlines().watch(2_000);
    deadlines.sweep.stop();
    expect(deadlines.time.timersRunning).toBe(0);
    deadlines.time.pass(5_000);
    expect(deadlines.settled).toEqual([]);
    deadlines.watch(7_000);
    deadlines.time.pass(5_000);
    expect(deadlines.settled.map(([deadlineAt]) => deadlineAt)).toEqual([2_000, 7_000]);
  });

  it('leaves no timer when it is stopped by what a settled deadline led to', () => {
    const deadlines = new SweptDeadlines().watch(2_000, 9_000);
    deadlines.onSettled = () => {
      deadlines.sweep.stop();
    };
    deadlines.time.pass(1_500);
    expect(deadlines.settled).toHaveLength(1);
    expect(deadlines.time.timersRunning).toBe(0);
  });
});
