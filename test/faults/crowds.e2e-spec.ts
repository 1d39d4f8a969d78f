import { afterEach, describe, expect, it } from '@jest/globals';

import { saturated, slowReader } from './scenarios/crowds.js';
import { Arena } from './support/arena.js';
import { heartwire, type Settings } from './support/contestants.js';
import { isFull } from './support/scale.js';

const MIB = 2 ** 20;

describe('a connection with much to carry', () => {
  let arena: Arena;
  const enter = (settings?: Settings): Arena => (arena = new Arena(heartwire(settings), 100_000));
  const patient = { heartbeat: { intervalMs: 5_000, timeoutMs: 10_000 }, callTimeoutMs: 90_000 };

  afterEach(() => arena.clear());

  it('whose client reads slowly does not slow down its neighbours', async () => {
    const { failed, calmP99Ms, besideP99Ms, bufferedBytes } = await slowReader(
      enter({ client: { callTimeoutMs: 15_000 } }),
      isFull ? 5_000 : 500,
    );
    expect(failed).toBe(0);
    // A pause of the machine is no answer's fault.
    expect(besideP99Ms).toBeLessThan(2 * calmP99Ms + 20 + 3 * arena.latestTimerMs);
    expect(bufferedBytes).toBeLessThanOrEqual(16 * MIB);
  }, 60_000);

  it.each(
    isFull
      ? [
          [10_000, 1_024],
          [1_000, 65_536],
          [64, MIB],
        ]
      : [
          [10_000, 1_024],
          [64, MIB],
        ],
  )(
    'carries %d calls of %d bytes at once, both ways',
    async (calls, bytes) => {
      const { heartbeat } = patient;
      const outcome = await saturated(
        enter({
          client: { ...patient, limits: { waitingBytes: 256 * MIB } },
          server: { heartbeat, limits: { sendBufferBytes: 128 * MIB } },
        }),
        calls,
        bytes,
      );
      expect(outcome).toMatchObject({ answered: calls, wrong: 0, failed: 0 });
    },
    120_000,
  );
});
