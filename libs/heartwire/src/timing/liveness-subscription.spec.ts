import { describe, expect, it } from '@jest/globals';
import type { Subscription } from 'rxjs';

import { LivenessStage, run, tellings } from '../../../../test/support/liveness-stage.js';

describe('watchLiveness, its end', () => {
  it('completes when dead, and is deaf to pongs that come later', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler).answer({ roundTripMs: 450 });
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
        const stage = new LivenessStage(scheduler);
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
        const stage = new LivenessStage(scheduler);
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
      const stage = new LivenessStage(scheduler);
      expectObservable(stage.states$).toBe('a 199ms s 299ms (d|)');
      expectObservable(stage.states$, '700ms ^').toBe('700ms a 99ms s 299ms (d|)');
    });
  });

  it('holds one scheduled action at a time', () => {
    run((_, scheduler) => {
      const stage = new LivenessStage(scheduler);
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
      const stage = new LivenessStage(scheduler);
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
