import { describe, expect, it } from '@jest/globals';
import { map, type Observable, Subject, type Subscription } from 'rxjs';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';

import { type LivenessInput, watchLiveness } from './liveness.js';
import type { Liveness } from './liveness-state.js';

/**
 * A watched link in virtual time: an interval of 100 ms, a timeout of 400 ms and no jitter, unless
 * told otherwise. Marbles: `a` alive, `s` suspect, `d` dead; `p` a ping.
 */
class Stage {
  heardAt = 0;
  readonly pongs$ = new Subject<number | string>();
  readonly pinged$ = new Subject<number>();
  readonly liveness$: Observable<Liveness>;

  constructor(
    readonly scheduler: TestScheduler,
    settings: Partial<Pick<LivenessInput, 'intervalMs' | 'timeoutMs' | 'random' | 'ping'>> = {},
  ) {
    this.liveness$ = watchLiveness({
      intervalMs: 100,
      timeoutMs: 400,
      random: () => 0.5,
      clock: { now: () => scheduler.now() },
      scheduler,
      heardAt: () => this.heardAt,
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

  hear(): void {
    this.heardAt = this.scheduler.now();
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

function run(test: (helpers: RunHelpers, scheduler: TestScheduler) => void): void {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  });
  scheduler.run((helpers) => {
    test(helpers, scheduler);
  });
}

/** What was told until the given moment, with the moment of each. */
function tellings(stage: Stage, untilMs: number): (Liveness & { readonly at: number })[] {
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

describe('watchLiveness', () => {
  it('is alive at first, and asks after one interval of silence', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler);
      expectObservable(stage.states$, '150ms !').toBe('a');
      expectObservable(stage.pings$).toBe('100ms p');
    });
  });

  it('asks at once when nothing had come for long when it began', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler);
      stage.heardAt = -5_000;
      expectObservable(stage.pings$, '50ms !').toBe('p');
      expectObservable(stage.states$, '50ms !').toBe('a');
    });
  });

  it('suspects after one more interval, asks urgently three times, and gives up when the timeout is over', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler);
      expectObservable(stage.states$).toBe('a 199ms s 299ms (d|)');
      expectObservable(stage.pings$).toBe('100ms p 99ms p 99ms p 99ms p');
    });
  });

  it('spreads the urgent pings evenly over the time that is left', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler, { intervalMs: 1_000, timeoutMs: 1_600 });
      expectObservable(stage.states$).toBe('a 1999ms s 599ms (d|)');
      expectObservable(stage.pings$).toBe('1s p 999ms p 199ms p 199ms p');
    });
  });

  it('keeps the usual beat in a long suspicion', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler, { intervalMs: 100, timeoutMs: 700 });
      expectObservable(stage.states$).toBe('a 199ms s 599ms (d|)');
      expectObservable(stage.pings$).toBe('100ms p 99ms p 99ms p 99ms p 99ms p 99ms p 99ms p');
    });
  });

  it('is alive again at the moment of a pong', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler).answer({ roundTripMs: 30, from: 150 });
      expectObservable(stage.states$, '231ms !').toBe('a 199ms s 29ms a');
    });
  });

  it('is alive again at the next look when any byte came', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler).hearAt(250);
      expectObservable(stage.states$, '420ms !').toBe('a 199ms s 99ms a');
    });
  });

  it('counts the silence anew from the first ping after what was heard', () => {
    run(({ expectObservable }, scheduler) => {
      // Asked at 100, heard at 150; asked again at 200: that is what the verdicts count from.
      const stage = new Stage(scheduler).hearAt(150);
      expectObservable(stage.states$).toBe('a 299ms s 299ms (d|)');
      expectObservable(stage.pings$).toBe('100ms p 99ms p 99ms p 99ms p 99ms p');
    });
  });

  it('suspects and gives up anew after it was alive again', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler).answer({ roundTripMs: 10, from: 300, until: 301 });
      expectObservable(stage.states$).toBe('a 199ms s 109ms a 189ms s 299ms (d|)');
    });
  });

  it('goes from alive to dead when timeout and interval are the same', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler, { intervalMs: 200, timeoutMs: 200 });
      expectObservable(stage.states$).toBe('a 399ms (d|)');
      expectObservable(stage.pings$).toBe('200ms p');
    });
  });

  it('holds to the timeout where it is shorter than the interval', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler, { intervalMs: 1_000, timeoutMs: 200 });
      expectObservable(stage.states$).toBe('a 1199ms (d|)');
    });
  });

  it('knows of death within an interval and a timeout, whenever the other end went silent', () => {
    for (let lastHeardAt = 0; lastHeardAt < 300; lastHeardAt += 7) {
      run((_, scheduler) => {
        const stage = new Stage(scheduler).answer({ roundTripMs: 0, until: lastHeardAt }).hearAt(lastHeardAt);
        const last = tellings(stage, 5_000).at(-1);
        expect(last?.state).toBe('dead');
        expect(last?.silentForMs).toBeLessThanOrEqual(500);
        expect(last?.silentForMs).toBeGreaterThanOrEqual(400);
      });
    }
  });

  it('knows of death as soon when the other end goes silent again in a long suspicion', () => {
    for (let heardAt = 201; heardAt < 2_000; heardAt += 83) {
      run((_, scheduler) => {
        const stage = new Stage(scheduler, { intervalMs: 100, timeoutMs: 6_000 }).hearAt(heardAt);
        const last = tellings(stage, 20_000).at(-1);
        expect(last?.state).toBe('dead');
        expect(last?.lastHeardAt).toBe(heardAt);
        expect(last?.silentForMs).toBeLessThanOrEqual(6_100);
      });
    }
  });

  it('never doubts an end that says something now and then, though it answers no ping', () => {
    run(({ expectObservable }, scheduler) => {
      const moments = Array.from({ length: 100 }, (_, beat) => 90 * beat);
      const stage = new Stage(scheduler).hearAt(...moments);
      expectObservable(stage.states$, '9s !').toBe('a');
    });
  });

  it('tells what it last heard, for how long it has heard nothing, and how many pings that were', () => {
    run((_, scheduler) => {
      const told = tellings(new Stage(scheduler).hearAt(30), 2_000);
      expect(told).toMatchObject([
        { at: 0, state: 'alive', missed: 0, heartbeats: 0, silentForMs: 0, lastHeardAt: 0 },
        // Asked at 100, one interval after the start, for the sample.
        { at: 200, state: 'suspect', missed: 1, heartbeats: 1, silentForMs: 170, lastHeardAt: 30 },
        { at: 500, state: 'dead', missed: 4, heartbeats: 4, silentForMs: 470, lastHeardAt: 30 },
      ]);
    });
  });
});

describe('watchLiveness, round trips', () => {
  it('tells each of them, smoothed and with its variation', () => {
    run((_, scheduler) => {
      const told = tellings(new Stage(scheduler).answer({ roundTripMs: 8 }), 300);
      expect(told).toMatchObject([
        { at: 0, roundTripMs: undefined, smoothedRoundTripMs: undefined, jitterMs: undefined },
        { at: 108, roundTripMs: 8, smoothedRoundTripMs: 8, jitterMs: 4, missed: 0, heartbeats: 1 },
        { at: 208, roundTripMs: 8, smoothedRoundTripMs: 8, jitterMs: 3, missed: 0, heartbeats: 2 },
      ]);
    });
  });

  it('measures on a schedule also while other traffic flows', () => {
    run(({ expectObservable }, scheduler) => {
      const traffic = Array.from({ length: 200 }, (_, n) => 5 * n);
      const stage = new Stage(scheduler).hearAt(...traffic);
      expectObservable(stage.pings$, '550ms !').toBe('100ms p 99ms p 99ms p 99ms p 99ms p');
      expectObservable(stage.states$, '550ms !').toBe('a');
    });
  });

  it.each([
    [0, 90],
    [0.25, 95],
    [1 - Number.EPSILON, 110],
  ])('varies that schedule by a tenth of the interval: random number %d gives %d ms', (random, gapMs) => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler, { random: () => random });
      stage.hearAt(...Array.from({ length: 250 }, (__, n) => 4 * n));
      const pingedAt: number[] = [];
      stage.pinged$.subscribe(() => pingedAt.push(scheduler.now()));
      tellings(stage, 900);
      expect(pingedAt.length).toBeGreaterThan(7);
      expect(pingedAt.map((at, n) => at - (pingedAt[n - 1] ?? 0))).toEqual(pingedAt.map(() => gapMs));
    });
  });

  it('takes a pong with a wrong timestamp for a sign of life, and measures nothing by it', () => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler);
      stage.pinged$.subscribe((timestamp) => {
        for (const wrong of [timestamp - 1, timestamp + 1, String(timestamp), 'x', NaN, 0]) stage.pong(wrong);
      });
      const told = tellings(stage, 1_000);
      expect(told).toMatchObject([{ at: 0, state: 'alive' }]);
    });
  });

  it('is alive again by a pong with a wrong timestamp', () => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler);
      scheduler.schedule(() => {
        stage.pong('yesterday');
      }, 220);
      const told = tellings(stage, 300);
      expect(told).toMatchObject([
        { at: 0, state: 'alive' },
        { at: 200, state: 'suspect' },
        { at: 220, state: 'alive', roundTripMs: undefined, missed: 0, silentForMs: 0 },
      ]);
    });
  });

  it('measures each ping once, however often it is answered', () => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler).answer({ roundTripMs: 5 }).answer({ roundTripMs: 50 });
      expect(tellings(stage, 190)).toMatchObject([{ at: 0 }, { at: 105, roundTripMs: 5 }]);
    });
  });

  it('measures a late answer to an earlier ping, and none that is older than the last one measured', () => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler);
      const timestamps: number[] = [];
      stage.pinged$.subscribe((timestamp) => timestamps.push(timestamp));
      const echo = (index: number, at: number): void => {
        scheduler.schedule(() => {
          stage.pong(timestamps[index] ?? NaN);
        }, at);
      };
      echo(1, 310); // the ping of 200
      echo(0, 320); // the ping of 100
      const told = tellings(stage, 350);
      expect(told).toMatchObject([
        { at: 0, state: 'alive' },
        { at: 200, state: 'suspect' },
        { at: 310, state: 'alive', roundTripMs: 110 },
      ]);
    });
  });

  it('believes an answer also where the clock is too coarse to tell it from what came before', () => {
    run((_, scheduler) => {
      const coarse = { now: () => Math.floor(scheduler.now() / 100) * 100 };
      const stage = new Stage(scheduler);
      const input: LivenessInput = {
        intervalMs: 100,
        timeoutMs: 400,
        random: () => 0.5,
        clock: coarse,
        scheduler,
        heardAt: coarse.now,
        ping: (timestamp) => stage.pongs$.next(timestamp),
        pongs$: stage.pongs$,
      };
      const states: string[] = [];
      const watching = watchLiveness(input).subscribe(({ state }) => states.push(state));
      scheduler.schedule(() => {
        watching.unsubscribe();
      }, 5_000);
      scheduler.flush();
      expect(states.length).toBeGreaterThan(30);
      expect(new Set(states)).toEqual(new Set(['alive']));
    });
  });
});

describe('watchLiveness, its end', () => {
  it('completes when dead, and is deaf to pongs that come later', () => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler).answer({ roundTripMs: 450 });
      const told: string[] = [];
      stage.liveness$.subscribe({
        next: ({ state }) => {
          told.push(state);
        },
        complete: () => {
          told.push('completed');
        },
      });
      scheduler.flush();
      expect(told).toEqual(['alive', 'suspect', 'dead', 'completed']);
      expect(stage.pongs$.observed).toBe(false);
      expect(scheduler.actions).toHaveLength(0);
    });
  });

  it.each([0, 50, 100, 150, 200, 250, 499])(
    'leaves nothing scheduled and sends nothing when it is unsubscribed after %d ms',
    (at) => {
      run((_, scheduler) => {
        const stage = new Stage(scheduler);
        const watching = stage.liveness$.subscribe();
        let pingsAfter = 0;
        scheduler.schedule(() => {
          watching.unsubscribe();
          expect(scheduler.actions).toHaveLength(0);
          expect(stage.pongs$.observed).toBe(false);
          stage.pinged$.subscribe(() => (pingsAfter += 1));
        }, at);
        scheduler.flush();
        expect(scheduler.now()).toBe(at);
        expect(pingsAfter).toBe(0);
      });
    },
  );

  it.each(['alive', 'suspect', 'dead'])(
    'leaves nothing behind when it is unsubscribed on hearing "%s"',
    (last) => {
      run((_, scheduler) => {
        const stage = new Stage(scheduler);
        const watching: { subscription?: Subscription } = {};
        let isOver = false;
        let pingsAfter = 0;
        stage.pinged$.subscribe(() => (pingsAfter += isOver ? 1 : 0));
        scheduler.schedule(() => {
          watching.subscription = stage.liveness$.subscribe(({ state }) => {
            if (state !== last) return;
            isOver = true;
            watching.subscription?.unsubscribe();
          });
          if (isOver) watching.subscription.unsubscribe();
        });
        scheduler.flush();
        expect(isOver).toBe(true);
        expect(scheduler.actions).toHaveLength(0);
        expect(pingsAfter).toBe(0);
        expect(stage.pongs$.observed).toBe(false);
      });
    },
  );

  it('starts anew for each subscription', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new Stage(scheduler);
      expectObservable(stage.states$).toBe('a 199ms s 299ms (d|)');
      expectObservable(stage.states$, '700ms ^').toBe('700ms a 99ms s 299ms (d|)');
    });
  });

  it('holds one scheduled action at a time', () => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler);
      let most = 0;
      const count = (): void => {
        most = Math.max(most, scheduler.actions.length);
      };
      stage.pinged$.subscribe(count);
      stage.liveness$.subscribe(count);
      count();
      scheduler.flush();
      expect(most).toBe(1);
    });
  });

  it('lets a ping be answered before it returns', () => {
    run((_, scheduler) => {
      const stage = new Stage(scheduler);
      stage.pinged$.subscribe((timestamp) => {
        if (scheduler.now() >= 200) stage.pong(timestamp);
      });
      const told = tellings(stage, 450);
      expect(told.map(({ at, state }) => [at, state])).toEqual([
        [0, 'alive'],
        [200, 'suspect'],
        [200, 'alive'],
        [300, 'alive'],
        [400, 'alive'],
      ]);
    });
  });
});
