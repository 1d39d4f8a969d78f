import { afterEach, describe, expect, it } from '@jest/globals';
import { type ConnectionStatus } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { outcomeOf } from '../support/outcome.js';
import { Load } from '../support/load.js';
import { Names, startReplica } from '../support/replicas.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

const stage = new Stage();

afterEach(() => stage.clear());

describe('a name that moves to another address', () => {
  it('takes new calls there, and lets those at the old one finish: none fails', async () => {
    const names = new Names();
    const [old, next] = [await startReplica(stage, 'old'), await startReplica(stage, 'next')];
    names.lead(old);
    const client = stage.client('tcp://chat.test:4001', {
      resolve: names.resolve,
      resolveIntervalMs: 100,
      drainTimeoutMs: 30_000,
    });
    await client.connect();
    const seen: ConnectionStatus[] = [];
    client.status.subscribe((status) => seen.push(status));
    const running = outcomeOf(client.send('who, when the gate opens', {}));
    await until('the call runs', () => old.controller.calls === 1);

    const callers = 8;
    const load = new Load(client, callers);
    await until('calls are answered', () => load.answers.length > 20);
    names.lead(next);
    await until('the next server answers', () => load.answers.includes('next'));
    const [moved, atOld] = [load.answers.length, old.controller.calls];
    await until('many more calls are answered', () => load.answers.length > moved + 50);
    // A call that had just been sent to the old one is the last of it, for each caller.
    expect(old.controller.calls).toBeLessThanOrEqual(atOld + callers);
    old.controller.gate.resolve();
    expect(await running).toEqual({ values: ['old'], end: 'complete', error: undefined });
    await until('the server is left', () => old.server.connections.length === 0);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(seen).toEqual(['connected']);
  });

  it('is found when the old address is dead: calls wait for it', async () => {
    const names = new Names();
    const old = await startReplica(stage, 'old');
    names.lead(old);
    const client = stage.client('tcp://chat.test:4001', { resolve: names.resolve });
    await client.connect();
    await old.app.close();
    const next = await startReplica(stage, 'next');
    const answer = firstValueFrom(client.send('who', {}));
    names.lead(next);
    expect(await answer).toBe('next');
  });

  it('is not left for an address where nobody answers', async () => {
    const names = new Names();
    const old = await startReplica(stage, 'old');
    names.lead(old);
    const client = stage.client('tcp://chat.test:4001', { resolve: names.resolve, resolveIntervalMs: 100 });
    await client.connect();
    const failed = new Promise((resolve) => {
      client.on('error', resolve);
    });
    names.places = [{ host: '127.0.0.1', port: 1 }];
    await failed;
    expect(await firstValueFrom(client.send('who', {}))).toBe('old');
    expect(await firstValueFrom(client.status)).toBe('connected');
  });
});
