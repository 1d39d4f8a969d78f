import { afterEach, describe, expect, it } from '@jest/globals';

import { blockedBoth, blockedServer, unableClient, unableIdleClient } from './scenarios/busy.js';
import { Arena } from './support/arena.js';
import { heartwire } from './support/contestants.js';
import { isFull } from './support/scale.js';

/** One end is kept from running; the other must not be late for so long by itself, on a busy machine. */
const heartbeat = { intervalMs: 200, timeoutMs: 1_600 };
const { intervalMs, timeoutMs } = heartbeat;
/** Calls must outlive what is done to their ends. */
const settings = { client: { heartbeat, callTimeoutMs: 25_000 }, server: { heartbeat } };

describe('an end that cannot run for a while raises no false alarm:', () => {
  let arena: Arena;
  const enter = (): Arena => (arena = new Arena(heartwire(settings), 28_000));

  afterEach(() => arena.clear());

  it.each(isFull ? [1, 2, 5] : [5])(
    'a client whose own loop was blocked for %d times the timeout',
    async (times) => {
      const { load, verdicts, runs, repeatedRuns } = await unableClient(
        enter(),
        'blocked',
        times * timeoutMs,
      );
      expect(verdicts).not.toContain('dead');
      expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
      expect({ runs, repeatedRuns }).toEqual({ runs: load.made, repeatedRuns: 0 });
    },
  );

  it('a client that was suspended and wakes', async () => {
    const ms = 2 * (intervalMs + timeoutMs);
    const { load, verdicts, runs, repeatedRuns } = await unableClient(enter(), 'suspended', ms);
    expect(verdicts).not.toContain('dead');
    expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
    expect({ runs, repeatedRuns }).toEqual({ runs: load.made, repeatedRuns: 0 });
  });

  it.each([
    ['blocked for 1 times the timeout', 'blocked', timeoutMs],
    ['blocked for 2 times the timeout', 'blocked', 2 * timeoutMs],
    ['blocked for 5 times the timeout', 'blocked', 5 * timeoutMs],
    ['suspended', 'suspended', 2 * (intervalMs + timeoutMs)],
  ] as const)('an idle client that was waiting for an answer to its ping, and was %s', async (_, how, ms) => {
    const { verdicts, call } = await unableIdleClient(enter(), how, ms);
    expect(verdicts).not.toContain('dead');
    expect(call).toMatchObject({ how: 'answered', value: 'awake' });
  });

  it('both ends, blocked together', async () => {
    const { isSameSocket, verdicts, answered } = await blockedBoth(enter(), 5 * timeoutMs);
    expect(verdicts).not.toContain('dead');
    expect({ isSameSocket, answered }).toEqual({ isSameSocket: true, answered: true });
  });

  it('a server that is blocked for less than the timeout', async () => {
    const { load, isSameSocket, verdicts } = await blockedServer(enter(), timeoutMs * 0.5);
    expect(verdicts).not.toContain('dead');
    expect(isSameSocket).toBe(true);
    expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
  });
});
