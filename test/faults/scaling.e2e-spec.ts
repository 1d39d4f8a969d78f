import { afterEach, describe, expect, it } from '@jest/globals';

import { Load } from '../support/load.js';
import { Names, startReplica } from '../support/replicas.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

const stage = new Stage();

afterEach(() => stage.clear());

describe('a service that scales from 1 to 3 and to 2', () => {
  it('gets the traffic where its replicas are, and no call fails', async () => {
    const names = new Names();
    const one = await startReplica(stage, 'one');
    names.lead(one);
    const client = stage.client('tcp://chat.test:4001', { resolve: names.resolve, resolveIntervalMs: 100 });
    await client.connect();
    const load = new Load(client, 16);
    await until('calls are answered', () => load.answers.length > 50);
    expect(load.since(0)).toEqual(new Set(['one']));

    const [two, three] = [await startReplica(stage, 'two'), await startReplica(stage, 'three')];
    names.lead(one, two, three);
    const grown = load.answers.length;
    await until('all three servers answer', () => load.since(grown).size === 3);

    names.lead(two, three);
    await until('the server is left', () => one.server.connections.length === 0);
    const shrunk = load.answers.length;
    await until('many more calls are answered', () => load.answers.length > shrunk + 200);
    expect(load.since(shrunk)).toEqual(new Set(['two', 'three']));
    await one.app.close();

    await load.stop();
    expect(load.failures).toEqual([]);
  });
});
