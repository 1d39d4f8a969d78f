import { afterEach, describe, expect, it } from '@jest/globals';

import { oneWay, slowTransfer } from './scenarios/slow-network.js';
import { Arena } from './support/arena.js';
import { heartwire } from './support/contestants.js';
import { isFull } from './support/scale.js';

/** What a slow network does must not be told from what a busy machine adds. */
const heartbeat = { intervalMs: 200, timeoutMs: 1_200 };
const settings = { client: { heartbeat, callTimeoutMs: 30_000 }, server: { heartbeat } };
/** After how long a silent peer is given up. Shorter transfers would show nothing. */
const GIVEN_UP_MS = heartbeat.intervalMs * 1.1 + heartbeat.timeoutMs * 1.25;

describe('a slow network raises no false alarm', () => {
  let arena: Arena;
  const enter = (): Arena => (arena = new Arena(heartwire(settings), 35_000));

  afterEach(() => arena.clear());

  const megabytes = isFull ? 100 : 3;
  it.each(['upstream', 'downstream'] as const)(
    `while ${megabytes} MB go %s at 1 MB/s`,
    async (direction) => {
      const bytes = megabytes * 1_000_000;
      const { ms, isSameSocket, verdicts } = await slowTransfer(enter(), direction, bytes, 1_000_000);
      expect(ms).toBeGreaterThan(GIVEN_UP_MS);
      expect(verdicts).not.toContain('dead');
      expect(isSameSocket).toBe(true);
    },
    (megabytes + 60) * 1_000,
  );

  it.each(['upstream', 'downstream'] as const)(
    'while everything goes %s, and nothing back',
    async (direction) => {
      const { ms, isSameSocket, verdicts } = await oneWay(enter(), direction, 2_000_000, 1_000_000);
      expect(ms).toBeGreaterThan(GIVEN_UP_MS);
      expect(verdicts).not.toContain('dead');
      expect(isSameSocket).toBe(true);
    },
  );
});
