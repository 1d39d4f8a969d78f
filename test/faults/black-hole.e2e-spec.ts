import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { describeUnless } from '../support/describe-unless.js';
import { blackHole } from './scenarios/black-hole.js';
import { Arena } from './support/arena.js';
import { heartwire } from './support/contestants.js';
import { Network, whyNoNetwork } from './support/network.js';
import { noticedWithinMs } from './support/noticed-within.js';
import { isFull } from './support/scale.js';

const obstacle = whyNoNetwork();
const isNeeded = process.env['HEARTWIRE_FAULTS_NEED_ROOT'] === '1';

if (obstacle !== undefined && isNeeded) {
  it('needs network namespaces, as HEARTWIRE_FAULTS_NEED_ROOT says', () => {
    throw new Error(obstacle);
  });
}

describeUnless(obstacle, 'packets that vanish between two hosts', () => {
  let network: Network;
  let arena: Arena;

  beforeAll(() => {
    network = Network.create();
  });
  afterEach(async () => {
    network.heal();
    await arena.clear();
  });
  afterAll(() => network.remove());

  const traffics = isFull ? (['idle', 'bulk'] as const) : (['bulk'] as const);
  describe.each(['upstream', 'downstream', 'both', 'link down'] as const)('%s', (hole) => {
    it.each(traffics)(
      'are noticed by both ends, and cost no call: %s',
      async (traffic) => {
        const client = { connectTimeoutMs: 500, callTimeoutMs: 20_000 };
        arena = new Arena(heartwire({ client }), 25_000);
        const { noticed, latestThereMs, load, repeatedRuns } = await blackHole(arena, network, hole, traffic);
        expect(noticed.clientMs).toBeLessThan(noticedWithinMs(arena));
        expect(noticed.serverMs).toBeLessThan(noticedWithinMs(arena, latestThereMs));
        expect(load).toMatchObject({ answered: load.made, open: 0, failures: [] });
        expect(repeatedRuns).toBe(0);
      },
      60_000,
    );
  });
});
