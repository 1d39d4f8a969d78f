import { afterEach, describe, expect, it } from '@jest/globals';

import { frozenClient, frozenServer, swallowed } from './scenarios/silence.js';
import { Arena } from './support/arena.js';
import { CALL_TIMEOUT_MS, heartwire } from './support/contestants.js';
import { noticedWithinMs } from './support/noticed-within.js';

describe('a peer that has fallen silent', () => {
  let arena: Arena;
  const enter = (callTimeoutMs = 20_000): Arena =>
    (arena = new Arena(heartwire({ client: { callTimeoutMs } }), 25_000));

  afterEach(() => arena.clear());

  it('is noticed when it is a frozen server: every call ends by its deadline, and the next ones are answered', async () => {
    const { noticedMs, call, after } = await frozenServer(enter(CALL_TIMEOUT_MS));
    expect(noticedMs).toBeLessThan(noticedWithinMs(arena));
    expect(call).toMatchObject({ how: 'failed', error: { code: 'DEADLINE_EXCEEDED' } });
    expect(after).toMatchObject({ how: 'answered', value: 3 });
  });

  it('is noticed when it is a frozen client, which gets its answer when it thaws', async () => {
    const { noticedMs, call, runs } = await frozenClient(enter());
    expect(noticedMs).toBeLessThan(noticedWithinMs(arena));
    expect(call).toMatchObject({ how: 'answered', value: 'only' });
    expect(runs).toBe(1);
  });

  describe.each(['upstream', 'downstream', 'both'] as const)('behind a black hole: %s', (direction) => {
    it.each(['idle', 'bulk'] as const)(
      'is noticed by both ends, and no call is lost or doubled: %s',
      async (traffic) => {
        const { noticed, load, runs, repeatedRuns } = await swallowed(enter(), direction, traffic);
        expect(noticed.clientMs).toBeLessThan(noticedWithinMs(arena));
        expect(noticed.serverMs).toBeLessThan(noticedWithinMs(arena));
        expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
        expect({ runs, repeatedRuns }).toMatchObject({ runs: expect.any(Number), repeatedRuns: 0 });
      },
    );
  });
});
