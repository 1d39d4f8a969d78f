import { describe, expect, it } from '@jest/globals';

import { LivenessStage, run, tellings } from '../../../../test/support/liveness-stage.js';
import { type LivenessInput, watchLiveness } from './liveness.js';

describe('watchLiveness, round trips', () => {
  it('tells each of them, smoothed and with its variation', () => {
    run((_, scheduler) => {
      const told = tellings(new LivenessStage(scheduler).answer({ roundTripMs: 8 }), 300);
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
      const stage = new LivenessStage(scheduler).hearAt(...traffic);
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
      const stage = new LivenessStage(scheduler, { random: () => random });
      stage.hearAt(...Array.from({ length: 250 }, (__, n) => 4 * n));
      const pingedAt: number[] = [];
      stage.pinged$.subscribe(() => pingedAt.push(scheduler.now()));
      tellings(stage, 900);
      expect(pingedAt.length).toBeGreaterThan(7);
      const gaps = pingedAt.map((at, n) => at - (pingedAt[n - 1] ?? 0));
      // Timers count whole milliseconds, rounded up.
      for (const gap of gaps) expect([gapMs, gapMs + 1]).toContain(gap);
    });
  });

  it('takes a pong with a wrong timestamp for a sign of life, and measures nothing by it', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler);
      stage.pinged$.subscribe((timestamp) => {
        for (const wrong of [timestamp - 1, timestamp + 1, String(timestamp), 'x', NaN, 0]) stage.pong(wrong);
      });
      const told = tellings(stage, 1_000);
      expect(told).toMatchObject([{ at: 0, state: 'alive' }]);
    });
  });

  it('is alive again by a pong with a wrong timestamp', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler);
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
      const stage = new LivenessStage(scheduler).answer({ roundTripMs: 5 }).answer({ roundTripMs: 50 });
      expect(tellings(stage, 190)).toMatchObject([{ at: 0 }, { at: 105, roundTripMs: 5 }]);
    });
  });

  it('measures a late answer to an earlier ping, and none that is older than the last one measured', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler);
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
      const stage = new LivenessStage(scheduler);
      const input: LivenessInput = {
        intervalMs: 100,
        timeoutMs: 400,
        random: () => 0.5,
        clock: coarse,
        scheduler,
        link: {
          get heardAt() {
            return coarse.now();
          },
        },
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
