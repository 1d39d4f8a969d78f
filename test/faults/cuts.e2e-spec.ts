import { afterEach, describe, expect, it } from '@jest/globals';

import { cutAfterBytes, type CutCall, cutAgainAndAgain } from './scenarios/cuts.js';
import { Arena } from './support/arena.js';
import { heartwire } from './support/contestants.js';
import { isFull } from './support/scale.js';

/** Every call was answered, and its handler ran once. */
function expectAllOnce(calls: readonly CutCall[], atLeast: number): void {
  expect(calls.length).toBeGreaterThanOrEqual(atLeast);
  expect(calls.filter(({ call, runs }) => call.how !== 'answered' || runs !== 1)).toEqual([]);
}

describe('a link that is cut', () => {
  let arena: Arena;
  const enter = (): Arena => (arena = new Arena(heartwire({ client: { callTimeoutMs: 20_000 } }), 25_000));

  afterEach(() => arena.clear());

  it('by a reset before, inside and after a frame costs no call', async () => {
    const calls = await cutAfterBytes(enter(), 'upstream', 'reset', ({ request }) => [
      0,
      1,
      request >> 1,
      request,
    ]);
    expectAllOnce(calls, 4);
  });

  describe.each(['close', 'reset'] as const)('in the manner of a %s', (ending) => {
    it('after any byte of a request costs no call', async () => {
      const calls = await cutAfterBytes(enter(), 'upstream', ending, ({ request }) =>
        Array(request + 1).keys(),
      );
      expectAllOnce(calls, 40);
    });

    it('after any byte of an answer costs no call', async () => {
      const calls = await cutAfterBytes(enter(), 'downstream', ending, ({ answer }) =>
        Array(answer + 1).keys(),
      );
      expectAllOnce(calls, 30);
    });
  });

  const cuts = isFull ? 300 : 20;
  it(
    `${cuts} times, every 100 to 300 ms, under 64 calls costs no call, and none runs twice`,
    async () => {
      const { load, runs, repeatedRuns } = await cutAgainAndAgain(enter(), cuts);
      expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
      expect({ runs, repeatedRuns }).toEqual({ runs: load.made, repeatedRuns: 0 });
    },
    (cuts + 60) * 1_000,
  );
});
