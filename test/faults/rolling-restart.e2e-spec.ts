import { afterEach, describe, expect, it } from '@jest/globals';

import { Load } from '../support/load.js';
import { Names, type Running, startReplica } from '../support/replicas.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

const stage = new Stage();

afterEach(() => stage.clear());

const NAMES = ['one', 'two', 'three'] as const;

/** Every call of the load, over all replicas that ever ran. */
const handled = (replicas: readonly Running[]): number =>
  replicas.reduce((sum, { controller }) => sum + controller.calls, 0);

describe('a rolling restart of 3 replicas under load', () => {
  it('at the same addresses costs no call, and none runs twice', async () => {
    const all = await Promise.all(NAMES.map((name) => startReplica(stage, name)));
    const client = stage.client(all.map(({ url }) => url));
    await client.connect();
    const load = new Load(client, 32);
    for (const [index, old] of [...all].entries()) {
      await until(
        'all three servers are connected',
        () => client.endpoints.filter(({ isConnected }) => isConnected).length === 3,
      );
      await old.app.close();
      const name = `${NAMES[index] ?? ''} again`;
      all.push(await startReplica(stage, name, {}, old.url));
      await until('the new server answers', () => load.answers.includes(name));
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(handled(all)).toBe(load.answers.length);
  });

  it('at new addresses costs no call, and none runs twice', async () => {
    const names = new Names();
    const all = await Promise.all(NAMES.map((name) => startReplica(stage, name)));
    const serving = new Set(all);
    names.lead(...serving);
    const client = stage.client('tcp://chat.test:4001', { resolve: names.resolve, resolveIntervalMs: 100 });
    await client.connect();
    const load = new Load(client, 32);
    for (const old of [...all]) {
      const name = `${old.controller.name} anew`;
      const next = await startReplica(stage, name);
      all.push(next);
      serving.delete(old);
      names.lead(...serving.add(next));
      await old.app.close();
      await until('the new server answers', () => load.answers.includes(name));
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(handled(all)).toBe(load.answers.length);
  });

  it('of only one server costs no call either: they wait for the next one', async () => {
    const all = [await startReplica(stage, 'one')];
    const client = stage.client(all[0]?.url ?? '');
    await client.connect();
    const load = new Load(client, 32);
    for (let round = 1; round <= 3; round += 1) {
      const name = `one, for the ${String(round)}. time`;
      await all.at(-1)?.app.close();
      all.push(await startReplica(stage, name, {}, all[0]?.url));
      await until('the new server answers', () => load.answers.includes(name));
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(handled(all)).toBe(load.answers.length);
  });
});
