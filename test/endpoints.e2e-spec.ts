import type { Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionStatus, EndpointLiveness, HeartwireClient, HeartwireClientOptions } from 'heartwire';
import { FaultProxy } from 'heartwire/testing';
import { firstValueFrom, of } from 'rxjs';

import { freeUrl } from './support/free-url.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Names, type Running, startReplica } from './support/replicas.js';
import { RawServer } from './support/raw-server.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const stage = new Stage();

afterEach(() => stage.clear());

const start = (...names: readonly string[]): Promise<Running[]> =>
  Promise.all(names.map((name) => startReplica(stage, name)));

const clientOf = (
  replicas: readonly { readonly url: string }[],
  options?: Omit<HeartwireClientOptions, 'url' | 'urls'>,
): HeartwireClient =>
  stage.client(
    replicas.map(({ url }) => url),
    options,
  );

const who = (client: HeartwireClient): Promise<string> => firstValueFrom(client.send<string>('who', {}));

const connectedTo = (client: HeartwireClient): string[] =>
  client.endpoints.filter(({ isConnected }) => isConnected).map(({ endpoint }) => endpoint);

/** Which server an error is about. */
const portIn = (message: string): string => /:(\d+)/.exec(message)?.[1] ?? '';

/** Who answered how often. */
async function tally(client: HeartwireClient, calls: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of await Promise.all(Array.from({ length: calls }, () => who(client)))) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

describe('several urls', () => {
  it('are all connected, and share the calls', async () => {
    const replicas = await start('a', 'b', 'c');
    const client = clientOf(replicas);
    await client.connect();
    await until('all three servers are connected', () => connectedTo(client).length === 3);
    expect(connectedTo(client).sort()).toEqual(replicas.map(({ url }) => url).sort());
    const counts = await tally(client, 300);
    expect([...counts.keys()].sort()).toEqual(['a', 'b', 'c']);
    for (const count of counts.values()) expect(count).toBeGreaterThan(50);
  });

  it('are not all connected where maxEndpoints is lower; another takes the place of one that fails', async () => {
    const replicas = await start('a', 'b', 'c');
    const client = clientOf(replicas, { maxEndpoints: 2, resumeWindowMs: 0 });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    expect(client.endpoints).toHaveLength(2);
    const [first] = connectedTo(client);
    await replicas.find(({ url }) => url === first)?.app.close();
    const rest = replicas.map(({ url }) => url).filter((url) => url !== first);
    await until('the two that are left are connected', () =>
      rest.every((url) => connectedTo(client).includes(url)),
    );
    expect((await tally(client, 50)).size).toBe(2);
  });

  it('that are dead in part cost only the living a connection', async () => {
    const [alive] = await start('a');
    const dead = await Promise.all(Array.from({ length: 5 }, () => freeUrl()));
    const client = stage.client([...dead, alive?.url ?? ''], { maxEndpoints: 1 });
    await client.connect();
    expect(await who(client)).toBe('a');
  });

  it('that are all dead reject a strict connect(), with the last reason', async () => {
    const urls = await Promise.all([freeUrl(), freeUrl(), freeUrl()]);
    const client = stage.client(urls, { strict: true, maxEndpoints: 2 });
    const failed = new Set<string>();
    client.on('error', ({ message }) => failed.add(portIn(message)));
    await expect(client.connect()).rejects.toMatchObject({ code: 'CONNECT_FAILED', sent: 'never' });
    expect([...failed].sort()).toEqual(urls.map((url) => new URL(url).port).sort());
    expect(await firstValueFrom(client.status)).toBe('closed');
  });

  it('that are all dead are not tried more often because they take turns', async () => {
    const urls = [await freeUrl(), await freeUrl()];
    const client = stage.client(urls, { maxEndpoints: 1, reconnect: { growthMs: 1, maxMs: 1 } });
    let failures = 0;
    client.on('error', () => (failures += 1));
    const startedAt = performance.now();
    await client.connect();
    await until('one of them was tried six times', () => failures >= 12);
    // From its second retry on, each is left alone for 50 ms at least.
    expect(performance.now() - startedAt).toBeGreaterThan(150);
  });

  it('of which one lives satisfy a strict connect()', async () => {
    const [alive] = await start('a');
    const client = stage.client([await freeUrl(), alive?.url ?? ''], { strict: true });
    await client.connect();
    expect(await who(client)).toBe('a');
  });

  it('are given up only when each has failed maxAttempts times in a row', async () => {
    const urls = [await freeUrl(), await freeUrl()];
    const client = stage.client(urls, { reconnect: { maxAttempts: 2, growthMs: 1, maxMs: 1 } });
    const failed = new Map<string, number>();
    client.on('error', ({ message }) => {
      const port = portIn(message);
      failed.set(port, (failed.get(port) ?? 0) + 1);
    });
    const error = await errorOf(client.send('who', {}));
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', sent: 'never' });
    expect([...failed.keys()].sort()).toEqual(urls.map((url) => new URL(url).port).sort());
    for (const count of failed.values()) expect(count).toBeGreaterThanOrEqual(2);
  });

  it('keep the client connected as long as one of them is', async () => {
    const replicas = await start('a', 'b');
    const client = clientOf(replicas);
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    const seen: ConnectionStatus[] = [];
    client.status.subscribe((status) => seen.push(status));
    await replicas[0]?.app.close();
    expect(await tally(client, 20)).toEqual(new Map([['b', 20]]));
    await replicas[1]?.app.close();
    await until('the status changes', () => seen.length > 1);
    expect(seen).toEqual(['connected', 'reconnecting']);
  });

  it('are told apart in liveness$', async () => {
    const replicas = await start('a', 'b');
    const client = clientOf(replicas);
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    const seen: EndpointLiveness[] = [];
    client.liveness$.subscribe((liveness) => seen.push(liveness)).unsubscribe();
    expect(seen.map(({ endpoint }) => endpoint).sort()).toEqual(replicas.map(({ url }) => url).sort());
    expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(['alive']));
  });
});

describe('balance', () => {
  it('first leaves the others idle while the first lives, and comes back to it', async () => {
    const [first, second] = (await start('a', 'b')) as [Running, Running];
    const client = clientOf([first, second], { balance: 'first' });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    expect(await tally(client, 20)).toEqual(new Map([['a', 20]]));
    await first.app.close();
    expect(await tally(client, 20)).toEqual(new Map([['b', 20]]));
    await startReplica(stage, 'a again', {}, first.url);
    await until('both servers are connected', () => connectedTo(client).length === 2);
    expect(await who(client)).toBe('a again');
  });

  it('round-robin gives each the same number', async () => {
    const replicas = await start('a', 'b', 'c');
    const client = clientOf(replicas, { balance: 'round-robin' });
    await client.connect();
    await until('all three servers are connected', () => connectedTo(client).length === 3);
    expect([...(await tally(client, 30)).values()]).toEqual([10, 10, 10]);
  });

  it.each(['power-of-two', 'least-loaded'] as const)('%s spares a server that is stuck', async (balance) => {
    const [stuck, other] = (await start('a', 'b')) as [Running, Running];
    const client = clientOf([stuck, other], { balance });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    const waiting = Array.from({ length: 40 }, () => outcomeOf(client.send('who, when the gate opens', {})));
    await until('all calls run', () => stuck.controller.calls + other.controller.calls === 40);
    other.controller.gate.resolve();
    await until('one server has nothing to do', () =>
      client.endpoints.some(({ callsUnderWay }) => callsUnderWay === 0),
    );
    // One call at a time: with two servers both ways compare the same two loads.
    for (let call = 0; call < 20; call += 1) expect(await who(client)).toBe('b');
    stuck.controller.gate.resolve();
    for (const { end } of await Promise.all(waiting)) expect(end).toBe('complete');
  });

  it.each([
    ['power-of-two', 'calls', false],
    ['least-loaded', 'calls', false],
    ['power-of-two', 'calls with a stream', true],
  ] as const)('%s spares a server that refuses %s', async (balance, _, hasStream) => {
    const full = await startReplica(stage, 'a', { limits: { runningCalls: 1 } });
    const [other] = (await start('b')) as [Running];
    const elsewhere = outcomeOf(clientOf([full]).send('who, when the gate opens', {}));
    await until('the first server is full', () => full.controller.calls === 1);
    const client = clientOf([full, other], { balance });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    let refused = 0;
    for (let call = 0; call < 100; call += 1) {
      const stream = hasStream ? of(1) : undefined;
      const { end, error } = await outcomeOf(client.send<string>('who', {}, { stream }));
      if (end === 'error') refused += 1;
      if (end === 'error') expect(error).toMatchObject({ code: 'OVERLOADED', sent: 'never' });
    }
    // One for each second that this took, where it would be every other call or each.
    expect(refused).toBeLessThan(25);
    full.controller.gate.resolve();
    expect((await elsewhere).end).toBe('complete');
    // It is not forgotten for it.
    await until('the first server is used again', async () => (await tally(client, 2)).has('a'));
  });

  it('by key keeps what belongs together with one server, while it lives', async () => {
    const replicas = await start('a', 'b', 'c');
    const client = clientOf(replicas, {
      balance: { key: ({ data }) => (data as { room: string }).room },
    });
    await client.connect();
    await until('all three servers are connected', () => connectedTo(client).length === 3);
    const rooms = Array.from({ length: 30 }, (_, index) => `room ${String(index)}`);
    const ask = async (): Promise<Map<string, string>> =>
      new Map(
        await Promise.all(
          rooms.map(
            async (room) => [room, await firstValueFrom(client.send<string>('who', { room }))] as const,
          ),
        ),
      );
    const before = await ask();
    expect(new Set(before.values()).size).toBe(3);
    expect(await ask()).toEqual(before);
    await replicas[0]?.app.close();
    const after = await ask();
    for (const [room, name] of before) {
      if (name === 'a') expect(after.get(room)).not.toBe('a');
      else expect(after.get(room)).toBe(name);
    }
  });

  it('by key leads all clients to the same servers, also where they connect to some of them only', async () => {
    const replicas = await start('a', 'b', 'c');
    const balance = { key: () => 'a room' };
    const orders = [replicas, [...replicas].reverse(), replicas, replicas, replicas, replicas];
    const clients = orders.map((order) => clientOf(order, { balance, maxEndpoints: 1 }));
    expect(new Set(await Promise.all(clients.map(who))).size).toBe(1);
  });

  it('by load spreads clients that connect to some of the servers only', async () => {
    const replicas = await start('a', 'b');
    const clients = Array.from({ length: 30 }, () => clientOf(replicas, { maxEndpoints: 1 }));
    expect(new Set(await Promise.all(clients.map(who))).size).toBe(2);
  });

  it('by a key that can’t be told fails the call', async () => {
    const client = clientOf(await start('a'), {
      balance: {
        key: () => {
          throw new TypeError('no room');
        },
      },
    });
    expect(await errorOf(client.send('who', {}))).toBeInstanceOf(TypeError);
  });
});

describe('calls', () => {
  it('that were made before there was a connection go to the first that stands, in order', async () => {
    const urls = [await freeUrl(), await freeUrl()];
    const client = stage.client(urls);
    await client.connect();
    const notes = [1, 2, 3].map((number) => firstValueFrom(client.emit('note', number), { defaultValue: 0 }));
    const answer = who(client);
    const late = await startReplica(stage, 'late', {}, urls[1]);
    expect(await answer).toBe('late');
    await Promise.all(notes);
    await until('all events are here', () => late.controller.events.length === 3);
    expect(late.controller.events).toEqual([1, 2, 3]);
  });

  it('wait in one queue with one bound, and within their deadlines', async () => {
    const client = stage.client([await freeUrl(), await freeUrl()], { limits: { waitingCalls: 2 } });
    const [first, second, third] = [10, 60_000, 60_000].map((timeoutMs) =>
      errorOf(client.send('who', {}, { timeoutMs })),
    );
    expect(await third).toMatchObject({ code: 'QUEUE_FULL', sent: 'never' });
    expect(await first).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'never' });
    const fourth = errorOf(client.send('who', {}));
    await client.close();
    expect(await second).toMatchObject({ code: 'CLOSED', sent: 'never' });
    expect(await fourth).toMatchObject({ code: 'CLOSED', sent: 'never' });
  });

  it('that wait for their turn at a server that is lost move to another one', async () => {
    const one = await startReplica(stage, 'a', { limits: { runningCallsPerConnection: 1 } });
    const two = await startReplica(stage, 'b');
    const proxy = stage.track(await FaultProxy.to(one.url));
    const client = stage.client([proxy.url, two.url], { balance: 'first', resumeWindowMs: 0 });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    const running = errorOf(client.send('who, when the gate opens', {}));
    await until('the call runs', () => one.controller.calls === 1);
    const waiting = [1, 2, 3].map(() => who(client));
    proxy.target = undefined;
    proxy.reset();
    expect(await Promise.all(waiting)).toEqual(['b', 'b', 'b']);
    expect(await running).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    expect(one.controller.calls).toBe(1);
    one.controller.gate.resolve();
  });

  it('that are idempotent are sent to another server when their answer is lost', async () => {
    const [one, two] = (await start('a', 'b')) as [Running, Running];
    const proxy = stage.track(await FaultProxy.to(one.url));
    const client = stage.client([proxy.url, two.url], { balance: 'first', resumeWindowMs: 0 });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    const answer = firstValueFrom(client.send('who, when the gate opens', {}, { idempotent: true }));
    await until('the call runs', () => one.controller.calls === 1);
    two.controller.gate.resolve();
    proxy.reset();
    expect(await answer).toBe('b');
    one.controller.gate.resolve();
  });

  it('whose server can’t be reached go elsewhere if they may run twice, and wait for it otherwise', async () => {
    const [one, two] = (await start('a', 'b')) as [Running, Running];
    const proxy = stage.track(await FaultProxy.to(one.url));
    const client = stage.client([proxy.url, two.url], { balance: 'first' });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    const ask = (idempotent: boolean): Promise<string> =>
      firstValueFrom(client.send<string>('who, when the gate opens', {}, { idempotent }));
    const [once, again] = [ask(false), ask(true)];
    await until('both calls run', () => one.controller.calls === 2);
    two.controller.gate.resolve();
    proxy.target = undefined;
    proxy.reset();
    expect(await again).toBe('b');
    proxy.target = one.url;
    await until('the first server is back', () => connectedTo(client).length === 2);
    one.controller.gate.resolve();
    expect(await once).toBe('a');
    expect([one.controller.calls, two.controller.calls]).toEqual([2, 1]);
  });

  it('that a server refuses while it goes away are answered by another', async () => {
    const replicas = (await start('a', 'b')) as [Running, Running];
    const client = clientOf(replicas, { balance: 'first' });
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    const running = firstValueFrom(client.send('who, when the gate opens', {}));
    await until('the call runs', () => replicas[0].controller.calls === 1);
    const closing = replicas[0].app.close();
    await until('the other one answers', async () => {
      const answers: Promise<string>[] = [];
      // Some of these cross the goaway on its way.
      for (let tick = 0; tick < 20; tick += 1) {
        answers.push(who(client));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return (await Promise.all(answers)).includes('b');
    });
    expect(await who(client)).toBe('b');
    replicas[0].controller.gate.resolve();
    expect(await running).toBe('a');
    await closing;
  });
});

describe('a server that refuses calls without having said that it goes away', () => {
  it('is left, and the calls are sent over the next connection', async () => {
    const server = stage.track(await RawServer.listen());
    const client = stage.client(server.url);
    const answer = firstValueFrom(client.send('who', {}));
    const first = await server.greeted(0);
    const { id } = await first.received({ pattern: 'who' });
    const err = { code: 'DRAINING', message: 'going', retryable: true, sent: 'never' };
    first.answerPings();
    first.send({ id, err, isDisposed: true });
    const second = await server.greeted(1);
    const again = await second.received({ pattern: 'who' });
    second.send({ id: again.id, response: 'it', isDisposed: true });
    expect(await answer).toBe('it');
    await first.received({ type: 'goaway', reason: 'closed' });
    second.answerPings();
    await first.closed();
  });
});

describe('a server that breaks off while it goes away', () => {
  it('leaves nobody waiting: its calls are settled at once', async () => {
    const server = stage.track(await RawServer.listen());
    const client = stage.client(server.url);
    const answer = errorOf(client.send('who', {}, { timeoutMs: 60_000 }));
    const peer = await server.greeted(0);
    await peer.received({ pattern: 'who' });
    peer.send({ type: 'goaway', reason: 'shutdown', graceMs: 60_000 });
    // The client opens its next connection before it leaves this one.
    await server.greeted(1);
    peer.close();
    expect(await answer).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    server.peers[1]?.answerPings();
  });
});

describe('a name', () => {
  const named = (names: Names, options?: Partial<HeartwireClientOptions>): HeartwireClient =>
    stage.client('tcp://chat.test:4001', { resolve: names.resolve, resolveIntervalMs: 100, ...options });

  it('with several addresses is several servers', async () => {
    const names = new Names();
    names.lead(...(await start('a', 'b')));
    const client = named(names);
    await client.connect();
    await until('both servers are connected', () => connectedTo(client).length === 2);
    expect((await tally(client, 40)).size).toBe(2);
  });

  it('is asked for as the url says', async () => {
    const [replica] = (await start('a')) as [Running];
    const asked: unknown[] = [];
    const resolve: HeartwireClientOptions['resolve'] = (question) => {
      asked.push(question);
      return Promise.resolve([replica.place]);
    };
    const urls = ['tcp://chat.test:4001', 'srv+tcp://_chat._tcp.test'];
    const client = stage.client(urls, { resolve });
    await client.connect();
    expect(asked).toEqual([
      { kind: 'host', name: 'chat.test', port: 4_001 },
      { kind: 'srv', name: '_chat._tcp.test' },
    ]);
    // Both lead to the same server.
    await until('one server is connected', () => connectedTo(client).length === 1);
    expect(replica.server.connections).toHaveLength(1);
  });

  it('that nobody knows keeps calls waiting until somebody does', async () => {
    const names = new Names();
    const client = named(names);
    await client.connect();
    expect(await firstValueFrom(client.status)).toBe('connecting');
    const answer = who(client);
    names.lead(...(await start('a')));
    expect(await answer).toBe('a');
  });

  it('that can’t be looked up any more changes nothing, and the log doesn’t speak of a lost connection', async () => {
    const names = new Names();
    names.lead(...(await start('a')));
    const client = named(names);
    await client.connect();
    names.lead();
    await until('the log tells of it', () => stage.logger.texts('warn').length > 0);
    expect(stage.logger.texts('warn')).toEqual([
      expect.stringMatching(
        /^A name of tcp:.* could not be looked up, the servers known so far stay: CONNECT_FAILED, /,
      ),
    ]);
    expect(await who(client)).toBe('a');
  });

  it('that nobody knows rejects a strict connect()', async () => {
    const client = named(new Names(), { strict: true });
    await expect(client.connect()).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: 'no server is known for tcp://chat.test:4001',
    });
  });

  it('that the system knows is looked up by it', async () => {
    const [replica] = (await start('a')) as [Running];
    const client = stage.client(`tcp://localhost:${new URL(replica.url).port}`, { strict: true });
    await client.connect();
    expect(await who(client)).toBe('a');
    expect(client.endpoints).toHaveLength(1);
  });

  it('is looked up again after a failed attempt, not only now and then', async () => {
    const names = new Names();
    const [one, two] = (await start('a', 'b')) as [Running, Running];
    names.lead(one);
    const client = named(names, { resolveIntervalMs: 60_000 });
    await client.connect();
    names.lead(two);
    await one.app.close();
    expect(await who(client)).toBe('b');
  });

  it('with priorities leads to the best that can be reached, and back to it', async () => {
    const [main, spare] = (await start('main', 'spare')) as [Running, Running];
    const names = new Names();
    names.places = [
      { ...spare.place, priority: 20 },
      { ...main.place, priority: 10 },
    ];
    // It needs no other look-up to leave the spare one.
    const client = named(names, { resolveIntervalMs: 60_000 });
    await client.connect();
    await until('one server is connected', () => connectedTo(client).length === 1);
    expect(await tally(client, 10)).toEqual(new Map([['main', 10]]));
    await main.app.close();
    expect(await tally(client, 10)).toEqual(new Map([['spare', 10]]));
    await startReplica(stage, 'main again', {}, main.url);
    await until('only the main server is connected', () => connectedTo(client).join() === main.url);
    expect(await tally(client, 10)).toEqual(new Map([['main again', 10]]));
    await until('the server is left', () => spare.server.connections.length === 0);
  });
});

describe('unwrap()', () => {
  it('gives one of the sockets', async () => {
    const replicas = await start('a', 'b');
    const client = clientOf(replicas);
    await client.connect();
    const { remotePort } = client.unwrap<Socket>();
    expect(replicas.map(({ place }) => place.port)).toContain(remotePort);
  });
});
