import { describe, expect, it } from '@jest/globals';

import { LivenessStage, run, tellings } from '../../../../test/support/liveness-stage.js';

const ANSWERS_ONLY = { countTraffic: false };
/** A byte every 5 ms, for three seconds. */
const TRAFFIC = Array.from({ length: 600 }, (_, n) => 5 * n);

describe('watchLiveness, where only answers count', () => {
  it('suspects and gives up an end that sends all the time and answers no ping', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler, ANSWERS_ONLY).hearAt(...TRAFFIC);
      expectObservable(stage.states$).toBe('a 199ms s 299ms (d|)');
    });
  });

  it('takes the same end for alive where any traffic counts', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler, { countTraffic: true }).hearAt(...TRAFFIC);
      expectObservable(stage.states$, '2900ms !').toBe('a');
    });
  });

  it('takes an end that answers for alive, whether or not it says anything else', () => {
    for (const traffic of [[], TRAFFIC]) {
      run((_, scheduler) => {
        const stage = new LivenessStage(scheduler, ANSWERS_ONLY)
          .hearAt(...traffic)
          .answer({ roundTripMs: 5 });
        const told = tellings(stage, 2_900);
        expect(new Set(told.map(({ state }) => state))).toEqual(new Set(['alive']));
        expect(told.length).toBeGreaterThan(20);
      });
    }
  });

  it('counts the silence from the last answer', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler, ANSWERS_ONLY).hearAt(...TRAFFIC).answer({ until: 250 });
      // Asked at 100 and 200, answered at 105 and 205; asked again about 300, in vain.
      const told = tellings(stage, 2_900);
      expect(told.at(-1)?.state).toBe('dead');
      expect(told.at(-1)?.silentForMs).toBe((told.at(-1)?.at ?? 0) - 205);
    });
  });

  it('is alive again by a pong with a wrong timestamp', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler, ANSWERS_ONLY).hearAt(...TRAFFIC);
      scheduler.schedule(() => {
        stage.pong('yesterday');
      }, 222);
      expect(tellings(stage, 300)).toMatchObject([
        { at: 0, state: 'alive' },
        { at: 200, state: 'suspect' },
        { at: 222, state: 'alive', roundTripMs: undefined, missed: 0 },
      ]);
    });
  });

  it('gives up nobody whose pongs this end does not read for now', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler, ANSWERS_ONLY);
      stage.isReading = false;
      scheduler.schedule(() => {
        stage.isReading = true;
      }, 1_000);
      const told = tellings(stage, 2_900);
      expect(told.find(({ state }) => state === 'suspect')?.at).toBeGreaterThanOrEqual(1_000);
      expect(told.at(-1)?.state).toBe('dead');
    });
  });
});
