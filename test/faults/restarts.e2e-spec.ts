import { afterEach, describe, expect, it } from '@jest/globals';

import { absentServer, killedAgainAndAgain, manyClients } from './scenarios/restarts.js';
import { Arena } from './support/arena.js';
import { heartwire, type Settings } from './support/contestants.js';
import { isFull } from './support/scale.js';

/** Away for so long that its clients come back over seconds: far longer than a busy machine pauses. */
const AWAY_MS = 3_000;

describe('a server that goes and comes', () => {
  let arena: Arena;
  const enter = (settings?: Settings): Arena => (arena = new Arena(heartwire(settings), 30_000));
  /** A process takes a while to start on a busy machine. */
  const patient = { callTimeoutMs: 25_000 };

  afterEach(() => arena.clear());

  const kills = isFull ? 50 : 3;
  it(
    `is killed ${kills} times under load: no call hangs, none runs twice, and errors say truly what was sent`,
    async () => {
      const { load, repeatedRuns, falseNever } = await killedAgainAndAgain(enter({ client: patient }), kills);
      expect(load.open).toBe(0);
      expect({ repeatedRuns, falseNever }).toEqual({ repeatedRuns: 0, falseNever: 0 });
      expect(load.answered + load.failures.length).toBe(load.made);
      // The calls under way when the server died, and none of those that waited.
      expect(new Set(load.failures.map(({ code, sent }) => `${code} ${sent}`))).toEqual(
        new Set(load.failures.length === 0 ? [] : ['CONNECTION_LOST maybe']),
      );
      expect(load.failures.length).toBeLessThanOrEqual(16 * kills);
    },
    60_000 + kills * 5_000,
  );

  const clients = isFull ? 1_000 : 200;
  it(
    `has ${clients} clients: after a restart all are back, spread over their jitter`,
    async () => {
      const heartbeat = { intervalMs: 5_000, timeoutMs: 10_000 };
      // The defaults: who comes first comes within 100 ms, who is refused comes later.
      const reconnect = {};
      const { backMs, peakPer10Ms, spreadMs } = await manyClients(
        enter({ client: { heartbeat, reconnect }, server: { heartbeat } }),
        clients,
        AWAY_MS,
      );
      expect(backMs).toBeDefined();
      expect(spreadMs).toBeGreaterThan(50);
      // A pause of the machine makes some of them come at once, but not half.
      expect(peakPer10Ms).toBeLessThan(clients / 2);
    },
    60_000 + clients * 20,
  );

  it('is not there yet: calls wait for it', async () => {
    expect(await absentServer(enter({ client: patient }), 300)).toMatchObject({
      how: 'answered',
      value: 'early',
    });
  });
});
