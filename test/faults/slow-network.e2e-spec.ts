import { afterEach, describe, expect, it } from '@jest/globals';

import { oneWay, slowTransfer } from './scenarios/slow-network.js';
import { Arena } from './support/arena.js';
import { HEARTBEAT, heartwire } from './support/contestants.js';
import { isFull } from './support/scale.js';

const { intervalMs, timeoutMs } = HEARTBEAT;

describe('a slow network raises no false alarm', () => {
  let arena: Arena;
  const enter = (): Arena => (arena = new Arena(heartwire({ client: { callTimeoutMs: 10_000 } }), 12_000));

  afterEach(() => arena.clear());

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
    (megabytes + 60) * 1_000,
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
