import type { Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';

import { Load } from './support/load.js';
import { outcomeOf } from './support/outcome.js';
import { RawServer } from './support/raw-server.js';
import { startReplica } from './support/replicas.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const stage = new Stage();

afterEach(() => stage.clear());

/** Rotating often is no crash loop. */
const reconnect = { stableAfterMs: 0 };

describe('maxConnectionAgeMs', () => {
  it.each([1, 3])('rotates connections to %d servers under load, and no call fails', async (count) => {
    const replicas = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        startReplica(stage, String(index), { maxConnectionAgeMs: 100 }),
      ),
    );
    const opened = new Map(replicas.map(({ url }) => [url, 0]));
    for (const { server, url } of replicas) {
      server.connections$.subscribe(({ type }) => {
        if (type === 'opened') opened.set(url, (opened.get(url) ?? 0) + 1);
      });
    }
    const client = stage.client(
      replicas.map(({ url }) => url),
      { reconnect },
    );
    await client.connect();
    const load = new Load(client, 16);
    await until('every server has seen five connections', () =>
      [...opened.values()].every((times) => times >= 5),
    );
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(replicas.reduce((sum, { controller }) => sum + controller.calls, 0)).toBe(load.answers.length);
  });

  it('is heard by a client whose session doesn’t stand yet: it comes again, and sends its calls there', async () => {
    const raw = stage.track(await RawServer.listen());
    const answer = firstValueFrom(stage.client(raw.url).send('who', {}, { timeoutMs: 30_000 }));
    const first = await raw.peer(0);
    await first.received({ type: 'hello' });
    first.send({ type: 'goaway', reason: 'age', graceMs: 10_000 });
    await first.closed();
    const second = await raw.greeted(1);
    const { id } = await second.received({ pattern: 'who' });
    second.send({ id, response: 'it', isDisposed: true });
    expect(await answer).toBe('it');
  });

  it('lets what runs finish on the old connection', async () => {
    const { url, server, controller } = await startReplica(stage, 'it', { maxConnectionAgeMs: 100 });
    const client = stage.client(url, { reconnect });
    const running = outcomeOf(client.send('who, when the gate opens', {}));
    await until('there is a second connection', () => server.connections.length > 1);
    controller.gate.resolve();
    expect(await running).toMatchObject({ end: 'complete', values: ['it'] });
  });

  it('holds for a session that went on over a new link, too', async () => {
    // Not before its link is cut.
    const { url, server } = await startReplica(stage, 'it', { maxConnectionAgeMs: 2_000 });
    const client = stage.client(url, { reconnect });
    const seen: string[] = [];
    await client.connect();
    server.connections$.subscribe(({ type }) => seen.push(type));
    client.unwrap<Socket>().destroy();
    await until('the session goes on', () => seen.includes('resumed'));
    await until('the old connection is closed', () => seen.slice(seen.indexOf('resumed')).includes('closed'));
    expect(await firstValueFrom(client.send('who', {}))).toBe('it');
  });
});
