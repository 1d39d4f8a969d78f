import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LivenessStage, run, tellings } from '../../../../test/support/liveness-stage.js';

/** What was told, with the moment of the timers: the clock is ahead of them by what the process was blocked for. */
function statesOf(stage: LivenessStage, untilMs = 3_000): (readonly [at: number, state: string])[] {
  return tellings(stage, untilMs).map(({ at, state }) => [at, state]);
}

describe('watchLiveness, when its own process was late', () => {
  // Asked at 100, and blocked with that ping unanswered: a verdict is overdue at 200, whatever the block.
  it.each([1, 2, 5])('gives no verdict on waking after %d times the timeout, but asks again', (times) => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(150, times * 400).answer({ from: 150 });
      const told = statesOf(stage, 1_000);
      expect(new Set(told.map(([, state]) => state))).toEqual(new Set(['alive']));
      expect(told[1]).toEqual([205, 'alive']);
    });
  });

  it('gives the other end a quarter of the timeout to answer, and then its verdict', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(150, 2_000);
      const pings: number[] = [];
      stage.pinged$.subscribe(() => pings.push(scheduler.now()));
      expect(statesOf(stage)).toEqual([
        [0, 'alive'],
        [300, 'dead'],
      ]);
      expect(pings).toEqual([100, 200]);
    });
  });

  it('lets in what had arrived already, and counts anew from there', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(150, 2_000);
      // The late look comes at 200; what waits in the kernel is read in the turn after it.
      scheduler.schedule(() => scheduler.schedule(() => stage.hear()), 200);
      expect(statesOf(stage)).toEqual([
        [0, 'alive'],
        [300, 'suspect'],
        [600, 'dead'],
      ]);
    });
  });

  it('goes by the silence that is left when it was late and the timeout is not over', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(150, 150);
      // The clock says 350 at the late look: silent for 250. Its last question gets no answer until 450.
      expect(statesOf(stage)).toEqual([
        [0, 'alive'],
        [300, 'suspect'],
        [350, 'dead'],
      ]);
    });
  });

  it('counts a delay of less than 50 ms as on time', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(150, 49);
      expect(statesOf(stage)).toEqual([
        [0, 'alive'],
        [200, 'suspect'],
        [451, 'dead'],
      ]);
    });
  });

  it('tolerates a tenth of a longer interval', () => {
    const settings = { intervalMs: 1_000, timeoutMs: 2_000 };
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler, settings).blockAt(1_500, 99);
      expect(statesOf(stage, 10_000)[1]).toEqual([2_000, 'suspect']);
    });
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler, settings).blockAt(1_500, 101);
      expect(statesOf(stage, 10_000)[1]).toEqual([2_500, 'suspect']);
    });
  });

  it('asks, and doubts nothing, when the clock jumped while nothing was unanswered', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(50, 3_600_000).answer();
      const told = tellings(stage, 1_000);
      expect(new Set(told.map(({ state }) => state))).toEqual(new Set(['alive']));
      expect(told.length).toBeGreaterThan(5);
      expect(told[1]).toMatchObject({ at: 105, roundTripMs: 5 });
    });
  });

  it('keeps to one more question each time when it is late again and again', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(150, 500).blockAt(250, 500).blockAt(350, 500);
      const pings: number[] = [];
      stage.pinged$.subscribe(() => pings.push(scheduler.now()));
      const last = statesOf(stage).at(-1);
      expect(last?.[1]).toBe('dead');
      expect(last?.[0]).toBeGreaterThan(350);
      expect(pings.length).toBeLessThanOrEqual(5);
    });
  });

  it('gives its verdict in the end when it is late at every look', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler);
      for (let at = 150; at < 5_000; at += 10) stage.blockAt(at, 60);
      const told = statesOf(stage, 5_000);
      expect(told.at(-1)?.[1]).toBe('dead');
    });
  });

  it('asks up to four times again before it calls a suspect dead, however often it asked before', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(150, 60);
      // Suspect at 300, and from then on late at every look.
      for (let at = 310; at < 2_000; at += 10) stage.blockAt(at, 60);
      let state = '';
      const asked: string[] = [];
      stage.pinged$.subscribe(() => asked.push(state));
      stage.liveness$.subscribe((liveness) => (state = liveness.state));
      scheduler.flush();
      expect(state).toBe('dead');
      // A ping, and one more question; an urgent ping, and the four last questions.
      expect(asked.join(' ')).toBe('alive alive suspect suspect suspect suspect suspect');
    });
  });

  it('gives no verdict before its time when timers are early', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).blockAt(120, -30).blockAt(250, -30);
      expect(statesOf(stage)).toEqual([
        [0, 'alive'],
        [230, 'suspect'],
        [560, 'dead'],
      ]);
    });
  });

  it('never gives up an end that answers, however its own process is blocked', () => {
    const blocks = fc.array(fc.tuple(fc.integer({ max: 5_000 }), fc.integer({ min: 0, max: 3_000 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(blocks, fc.integer({ min: 0, max: 90 }), (moments, roundTripMs) => {
        run((_, scheduler) => {
          const stage = new LivenessStage(scheduler).answer({ roundTripMs });
          for (const [at, forMs] of moments) stage.blockAt(Math.abs(at), forMs);
          expect(statesOf(stage, 6_000).map(([, state]) => state)).not.toContain('dead');
        });
      }),
      { seed: 20_261_121, numRuns: 200 },
    );
  });
});
