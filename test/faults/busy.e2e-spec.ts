import { afterEach, describe, expect, it } from '@jest/globals';

import { blockedBoth, blockedServer, oneWay, slowTransfer, unableClient } from './scenarios/busy.js';
import { Arena } from './support/arena.js';
import { HEARTBEAT, heartwire } from './support/contestants.js';
import { isFull } from './support/scale.js';

const { intervalMs, timeoutMs } = HEARTBEAT;
/** Calls must outlive what is done to their ends. */
const client = { callTimeoutMs: 10_000 };

describe('no false alarm', () => {
  let arena: Arena;
  const enter = (): Arena => (arena = new Arena(heartwire({ client }), 12_000));

  afterEach(() => arena.clear());

  it.each([1, 2, 5])('by a client whose own loop was blocked for %d times the timeout', async (times) => {
    const { load, verdicts, runs, repeatedRuns } = await unableClient(enter(), 'blocked', times * timeoutMs);
    expect(verdicts).not.toContain('dead');
    expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
    expect({ runs, repeatedRuns }).toEqual({ runs: load.made, repeatedRuns: 0 });
  });

  it('by a client that was suspended and wakes', async () => {
    const ms = 2 * (intervalMs + timeoutMs);
    const { load, verdicts, runs, repeatedRuns } = await unableClient(enter(), 'suspended', ms);
    expect(verdicts).not.toContain('dead');
    expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
    expect({ runs, repeatedRuns }).toEqual({ runs: load.made, repeatedRuns: 0 });
  });

  it('by either end where both were blocked together', async () => {
    const { isSameSocket, verdicts, answered } = await blockedBoth(enter(), 5 * timeoutMs);
    expect(verdicts).not.toContain('dead');
    expect({ isSameSocket, answered }).toEqual({ isSameSocket: true, answered: true });
  });

  it('while the loop of the other end is blocked for less than the timeout', async () => {
    const { load, isSameSocket, verdicts } = await blockedServer(enter(), timeoutMs * 0.8);
    expect(verdicts).not.toContain('dead');
    expect(isSameSocket).toBe(true);
    expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
  });

  const megabytes = isFull ? 100 : 3;
  it.each(['upstream', 'downstream'] as const)(
    `while ${megabytes} MB go %s at 1 MB/s`,
    async (direction) => {
      const bytes = megabytes * 1_000_000;
      const { ms, isSameSocket, verdicts } = await slowTransfer(enter(), direction, bytes, 1_000_000);
      // Or it would show nothing.
      expect(ms).toBeGreaterThan(2 * (intervalMs + timeoutMs));
      expect(verdicts).not.toContain('dead');
      expect(isSameSocket).toBe(true);
    },
    (megabytes + 15) * 1_000,
  );

  it.each(['upstream', 'downstream'] as const)(
    'while everything goes %s, and nothing back',
    async (direction) => {
      const { ms, isSameSocket, verdicts } = await oneWay(enter(), direction, 2_000_000, 1_000_000);
      expect(ms).toBeGreaterThan(2 * (intervalMs + timeoutMs));
      expect(verdicts).not.toContain('dead');
      expect(isSameSocket).toBe(true);
    },
  );
});
