import { expect } from '@jest/globals';
import { map, type Observable, Subject } from 'rxjs';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';

import { type LivenessInput, watchLiveness } from '../../libs/heartwire/src/timing/liveness.js';
import type { Liveness } from '../../libs/heartwire/src/timing/liveness-state.js';

/**
 * A watched link in virtual time: an interval of 100 ms, a timeout of 400 ms and no jitter, unless
 * told otherwise. Marbles: `a` alive, `s` suspect, `d` dead; `p` a ping.
 */
export class LivenessStage {
  heardAt = 0;
  isReading = true;
  /** How far the clock is ahead of the timers. */
  private aheadMs = 0;
  readonly pongs$ = new Subject<number | string>();
  readonly pinged$ = new Subject<number>();
  readonly liveness$: Observable<Liveness>;

  constructor(
    readonly scheduler: TestScheduler,
    settings: Partial<
      Pick<LivenessInput, 'intervalMs' | 'timeoutMs' | 'random' | 'ping' | 'adaptive' | 'countTraffic'>
    > = {},
  ) {
    this.liveness$ = watchLiveness({
      intervalMs: 100,
      timeoutMs: 400,
      random: () => 0.5,
      clock: { now: () => this.now() },
      scheduler,
      link: this,
      ping: (timestamp) => {
        this.pinged$.next(timestamp);
      },
      pongs$: this.pongs$,
      ...settings,
    });
  }

  get states$(): Observable<string> {
    return this.liveness$.pipe(map(({ state }) => state.charAt(0)));
  }

  get pings$(): Observable<string> {
    return this.pinged$.pipe(map(() => 'p'));
  }

  now(): number {
    return this.scheduler.now() + this.aheadMs;
  }

  /**
   * At the given moment of the scheduler the process is blocked, stopped or asleep for so long: every
   * timer is late by that much. A negative time makes timers early.
   */
  blockAt(at: number, forMs: number): this {
    this.scheduler.schedule(() => {
      this.aheadMs += forMs;
    }, at);
    return this;
  }

  hear(): void {
    this.heardAt = this.now();
  }

  pong(timestamp: number | string): void {
    this.hear();
    this.pongs$.next(timestamp);
  }

  /** Bytes that are no pong. */
  hearAt(...moments: number[]): this {
    for (const at of moments) {
      this.scheduler.schedule(() => {
        this.hear();
      }, at);
    }
    return this;
  }

  /** The other end answers the pings of a while, each after its round trip. */
  answer({ roundTripMs = 5, from = 0, until = Infinity } = {}): this {
    this.pinged$.subscribe((timestamp) => {
      if (this.scheduler.now() < from || this.scheduler.now() >= until) return;
      this.scheduler.schedule(() => {
        this.pong(timestamp);
      }, roundTripMs);
    });
    return this;
  }
}

export function run(test: (helpers: RunHelpers, scheduler: TestScheduler) => void): void {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  });
  scheduler.run((helpers) => {
    test(helpers, scheduler);
  });
}

/** What was told until the given moment, with the moment of each. */
export function tellings(stage: LivenessStage, untilMs: number): (Liveness & { readonly at: number })[] {
  const told: (Liveness & { readonly at: number })[] = [];
  const watching = stage.liveness$.subscribe((liveness) => {
    told.push({ ...liveness, at: stage.scheduler.now() });
  });
  stage.scheduler.schedule(() => {
    watching.unsubscribe();
  }, untilMs);
  stage.scheduler.flush();
  return told;
}
