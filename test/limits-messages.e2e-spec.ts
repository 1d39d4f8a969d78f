import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireServerOptions } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { deferred } from './support/deferred.js';
import { messageFrame } from './support/raw-peer.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

let target: Target;

const open = async (options: Omit<HeartwireServerOptions, 'url' | 'urls'>): Promise<void> => {
  target = await Target.open(options);
};

afterEach(() => target.close());

/** The bystander makes a call about every 2 ms. */
const MORE_THAN_THE_BYSTANDER_NEEDS = 2_000;

describe('limits.messagesPerSecond', () => {
  it('slows down who sends more: all of it is served, no faster than that, and nobody waits for it', async () => {
    await open({
      limits: { messagesPerSecond: MORE_THAN_THE_BYSTANDER_NEEDS, runningCallsPerConnection: 5_000 },
    });
    const peer = await target.stranger();
    const count = 2.5 * MORE_THAN_THE_BYSTANDER_NEEDS;
    const startedAt = performance.now();
    peer.write(
      Buffer.concat(
        Array.from({ length: count }, (_, id) => messageFrame({ id, pattern: 'echo', data: id })),
      ),
    );
    const answers = (): number => peer.messages.filter(({ id }) => id !== undefined).length;
    await until('all are answered', () => answers() === count);
    // One second's worth comes at once. What one read brings is served before the pause for it.
    const withinMs = performance.now() - startedAt;
    expect(withinMs).toBeGreaterThan(1_000 * (count / MORE_THAN_THE_BYSTANDER_NEEDS - 1) - 1_000);
    const right = peer.messages.filter(({ id, response }) => id !== undefined && id === response);
    expect(right).toHaveLength(count);
    expect(target.warnings).toEqual([]);
  });

  it('takes nobody for dead who is not read, and lets nobody take it for dead', async () => {
    const heartbeat = { intervalMs: 100, timeoutMs: 500 };
    await open({ heartbeat, limits: { messagesPerSecond: 1_000 } });
    const client = target.client({ heartbeat });
    const ends: string[] = [];
    client.on('close', () => ends.push('closed'));
    await client.connect();
    // In one read, a debt of a second: far longer than it takes to seem dead.
    const answers = Array.from({ length: 2_000 }, (_, n) =>
      firstValueFrom(client.send<number>('echo', n, { timeoutMs: 20_000 })),
    );
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
    expect(await firstValueFrom(client.send('pulse', {}, { timeoutMs: 20_000 }))).toBe('beat');
    expect(ends).toEqual([]);
  });

  it('gives a frame that was begun before the pause all its time after it', async () => {
    await open({ limits: { messagesPerSecond: 1_000, frameTimeoutMs: 300 } });
    const peer = await target.stranger();
    const many = Array.from({ length: 2_000 }, (_, timestamp) =>
      messageFrame({ type: 'ack', received: 0, timestamp }),
    );
    const begun = messageFrame({ id: 1, pattern: 'echo', data: 'whole' });
    peer.write(Buffer.concat([...many, begun.subarray(0, 10)]));
    await until('it is read', () =>
      target.server.connections.some(({ bytesReceived }) => bytesReceived > 60_000),
    );
    peer.write(begun.subarray(10));
    expect(await peer.received({ id: 1 })).toMatchObject({ response: 'whole' });
    expect(target.warnings).toEqual([]);
  });
});

describe('limits.patternDepth', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 'x' : { a: nested(depth - 1) });

  it('a deeper pattern has no handler; who called goes on', async () => {
    await open({ limits: { patternDepth: 2 } });
    const peer = await target.stranger();
    peer.send({ id: 1, pattern: nested(3), data: 1 }, { id: 2, pattern: nested(2), data: 2 });
    expect(await peer.received({ id: 1 })).toMatchObject({ err: { code: 'NO_HANDLER', retryable: false } });
    expect(await peer.received({ id: 2 })).toMatchObject({ response: 'found' });
    expect(target.warnings).toEqual([]);
  });

  it('finds the handler of the same pattern where it may be as deep', async () => {
    await open({});
    const peer = await target.stranger();
    peer.send({ id: 1, pattern: nested(3), data: 1 });
    expect(await peer.received({ id: 1 })).toMatchObject({ response: 'found' });
  });
});

describe('a deserializer that throws', () => {
  it('is told of in the log of its own end, and never to the peer', async () => {
    const deserializer = {
      deserialize: (value: { pattern?: unknown }): unknown => {
        if (value.pattern === 'bad') throw new Error('the secret of this end');
        return value;
      },
    };
    await open({ deserializer });
    const peer = await target.stranger();
    peer.send({ id: 1, pattern: 'bad', data: {} });
    await peer.closed();
    expect(peer.messages.at(-1)).toEqual({
      type: 'error',
      code: 'INTERNAL',
      message: 'the message could not be handled',
    });
    expect(target.warnings).toEqual([
      expect.stringMatching(/^Closing the connection of \S+: INTERNAL, the message could not be handled$/),
      expect.stringMatching(/^Error: the secret of this end\n {4}at /),
    ]);
  });

  it('ends the session also where its link is gone by then: no call is lost in silence', async () => {
    const gate = deferred();
    const deserializer = {
      deserialize: (value: { pattern?: unknown }): unknown =>
        value.pattern === 'bad' ? gate.promise.then(() => Promise.reject(new Error('bad'))) : value,
    };
    await open({ deserializer });
    const peer = await target.stranger();
    peer.send({ type: 'hello', protocol: 1 });
    const { session, secret } = await peer.received({ type: 'ready' });
    peer.send({ id: 1, pattern: 'bad', data: {} }, { type: 'ping', timestamp: 7 });
    await peer.received({ type: 'pong', timestamp: 7 });
    peer.close();
    const known = () => target.server.connections.find(({ clientId }) => clientId === session);
    await until('it waits', () => known()?.isConnected === false);
    gate.resolve();
    await until('it is gone', () => known() === undefined);
    const next = await target.stranger();
    next.send({ type: 'hello', protocol: 1, resume: { session, secret, received: 0 } });
    expect(await next.received({ type: 'ready' })).toMatchObject({ resumed: false });
    expect(target.warnings).toContainEqual(
      expect.stringContaining('INTERNAL, the message could not be handled'),
    );
  });
});
