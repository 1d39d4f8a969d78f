import { describe, expect, it } from '@jest/globals';

import { LivenessStage, run, tellings } from '../../../../test/support/liveness-stage.js';

describe('watchLiveness, its verdict', () => {
  it('is alive at first, and asks after one interval of silence', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler);
      expectObservable(stage.states$, '150ms !').toBe('a');
      expectObservable(stage.pings$).toBe('100ms p');
    });
  });

  it('asks at once when nothing had come for long when it began', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler);
      stage.heardAt = -5_000;
      expectObservable(stage.pings$, '50ms !').toBe('p');
      expectObservable(stage.states$, '50ms !').toBe('a');
    });
  });

  it('suspects after one more interval, asks urgently three times, and gives up when the timeout is over', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler);
      expectObservable(stage.states$).toBe('a 199ms s 299ms (d|)');
      expectObservable(stage.pings$).toBe('100ms p 99ms p 99ms p 99ms p');
    });
  });

  it('spreads the urgent pings evenly over the time that is left', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler, { intervalMs: 1_000, timeoutMs: 1_600 });
      expectObservable(stage.states$).toBe('a 1999ms s 599ms (d|)');
      expectObservable(stage.pings$).toBe('1s p 999ms p 199ms p 199ms p');
    });
  });

  it('keeps the usual beat in a long suspicion', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler, { intervalMs: 100, timeoutMs: 700 });
      expectObservable(stage.states$).toBe('a 199ms s 599ms (d|)');
      expectObservable(stage.pings$).toBe('100ms p 99ms p 99ms p 99ms p 99ms p 99ms p 99ms p');
    });
  });

  it('is alive again at the moment of a pong', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler).answer({ roundTripMs: 30, from: 150 });
      expectObservable(stage.states$, '231ms !').toBe('a 199ms s 29ms a');
    });
  });

  it('is alive again at the next look when any byte came', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler).hearAt(250);
      // It is asked again at that look, at 300, and may be silent until 400.
      expectObservable(stage.states$, '380ms !').toBe('a 199ms s 99ms a');
    });
  });

  it('counts the silence anew from the first ping after what was heard', () => {
    run(({ expectObservable }, scheduler) => {
      // Asked at 100, heard at 150; asked again at 200: that is what the verdicts count from.
      const stage = new LivenessStage(scheduler).hearAt(150);
      expectObservable(stage.states$).toBe('a 299ms s 299ms (d|)');
      expectObservable(stage.pings$).toBe('100ms p 99ms p 99ms p 99ms p 99ms p');
    });
  });

  it('suspects and gives up anew after it was alive again', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler).answer({ roundTripMs: 10, from: 300, until: 301 });
      expectObservable(stage.states$).toBe('a 199ms s 109ms a 189ms s 299ms (d|)');
    });
  });

  it('goes from alive to dead when timeout and interval are the same', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler, { intervalMs: 200, timeoutMs: 200 });
      expectObservable(stage.states$).toBe('a 399ms (d|)');
      expectObservable(stage.pings$).toBe('200ms p');
    });
  });

  it('holds to the timeout where it is shorter than the interval', () => {
    run(({ expectObservable }, scheduler) => {
      const stage = new LivenessStage(scheduler, { intervalMs: 1_000, timeoutMs: 200 });
      expectObservable(stage.states$).toBe('a 1199ms (d|)');
    });
  });

  it('knows of death within an interval and a timeout, whenever the other end went silent', () => {
    for (let lastHeardAt = 0; lastHeardAt < 300; lastHeardAt += 7) {
      run((_, scheduler) => {
        const stage = new LivenessStage(scheduler)
          .answer({ roundTripMs: 0, until: lastHeardAt })
          .hearAt(lastHeardAt);
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
        const stage = new LivenessStage(scheduler, { intervalMs: 100, timeoutMs: 6_000 }).hearAt(heardAt);
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
      const stage = new LivenessStage(scheduler).hearAt(...moments);
      expectObservable(stage.states$, '9s !').toBe('a');
    });
  });

  it('tells what it last heard, for how long it has heard nothing, and how many pings that were', () => {
    run((_, scheduler) => {
      const told = tellings(new LivenessStage(scheduler).hearAt(30), 2_000);
      expect(told).toMatchObject([
        { at: 0, state: 'alive', missed: 0, heartbeats: 0, silentForMs: 0, lastHeardAt: 0 },
        // Asked at 100, one interval after the start, for the sample.
        { at: 200, state: 'suspect', missed: 1, heartbeats: 1, silentForMs: 170, lastHeardAt: 30 },
        { at: 500, state: 'dead', missed: 4, heartbeats: 4, silentForMs: 470, lastHeardAt: 30 },
      ]);
    });
  });
});
