import type { Server as NetServer } from 'node:net';

import { NestFactory } from '@nestjs/core';
import { ClientTCP, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HeartwireClient } from 'heartwire';
import { type Observable, take } from 'rxjs';

import { type Outcome, outcomeOf } from './support/outcome.js';
import { ParityController, RESULTS, THROWN } from './support/parity.controller.js';
import { moduleOf, Stage } from './support/stage.js';

/** The part of ClientProxy that a caller uses. */
interface Caller {
  send(pattern: unknown, data: unknown): Observable<unknown>;
  emit(pattern: unknown, data: unknown): Observable<unknown>;
}

// Clients whose owner looks at everything that arrives, as many projects have them.

class OwnTcpClient extends ClientTCP {
  protected override serializeError(error: unknown): unknown {
    return { seen: error };
  }

  protected override serializeResponse(response: unknown): unknown {
    return { seen: response ?? 'nothing' };
  }
}

class OwnHeartwireClient extends HeartwireClient {
  protected override serializeError(error: unknown): unknown {
    return { seen: error };
  }

  protected override serializeResponse(response: unknown): unknown {
    return { seen: response ?? 'nothing' };
  }
}

/** One of the two ways to the same controller. */
interface Side {
  readonly client: Caller;
  readonly own: Caller;
  readonly controller: ParityController;
}

describe("one controller, over Nest's TCP transport and over Heartwire", () => {
  const stage = new Stage();
  const closeTcp: (() => Promise<void>)[] = [];
  let tcp: Side;
  let heartwire: Side;

  beforeAll(async () => {
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(
      moduleOf({ controllers: [ParityController] }),
      {
        transport: Transport.TCP,
        options: { host: '127.0.0.1', port: 0 },
        logger: stage.logger,
      },
    );
    await app.listen();
    closeTcp.push(() => app.close());
    const { port } = app.unwrap<NetServer>().address() as { port: number };
    const options = { host: '127.0.0.1', port };
    tcp = {
      client: stage.track(new ClientTCP(options)),
      own: stage.track(new OwnTcpClient(options)),
      controller: app.get(ParityController),
    };

    const served = await stage.serve({ controllers: [ParityController] });
    heartwire = {
      client: stage.client(served.url),
      own: stage.track(new OwnHeartwireClient({ url: served.url })),
      controller: served.app.get(ParityController),
    };
  });

  afterAll(async () => {
    await stage.clear();
    for (const close of closeTcp) await close();
  });

  /** The outcome over Heartwire, once it is the same as over TCP. */
  async function sameOutcome(
    call: (client: Caller) => Observable<unknown>,
    kind: 'client' | 'own' = 'client',
  ): Promise<Outcome> {
    const [expected, actual] = await Promise.all([
      outcomeOf(call(tcp[kind])),
      outcomeOf(call(heartwire[kind])),
    ]);
    expect(actual).toEqual(expected);
    return actual;
  }

  describe.each(['result', 'result, streamed', 'result, after a while'])('%s', (pattern) => {
    it.each(Object.keys(RESULTS))('%s', async (name) => {
      expect((await sameOutcome((client) => client.send(pattern, name))).end).toBe('complete');
    });
  });

  describe.each(['throw', 'reject', 'error after two', 'error later'])('%s', (pattern) => {
    it.each(Object.keys(THROWN))('%s', async (name) => {
      const { end, values } = await sameOutcome((client) => client.send(pattern, name));
      expect([end, values]).toEqual(['error', pattern.startsWith('error') ? [1, 2] : []]);
    });
  });

  it.each([
    [{ nested: { list: [1, 'a'] }, cmd: 'object' }],
    ['{"cmd":"object","nested":{"list":[1,"a"]}}'],
    ['{"looks":"like"}'],
    [{ looks: 'like' }],
    [7],
    ['7'],
  ])('finds a handler by the pattern %j', async (pattern) => {
    expect((await sameOutcome((client) => client.send(pattern, {}))).values).toHaveLength(1);
  });

  it('refuses a call that a guard refuses, or a pipe', async () => {
    expect((await sameOutcome((client) => client.send('guarded', {}))).end).toBe('error');
    expect((await sameOutcome((client) => client.send('validated', { count: 'many' }))).end).toBe('error');
    expect((await sameOutcome((client) => client.send('validated', { count: 1 }))).values).toEqual([1]);
  });

  it('answers a call to the handler of an event', async () => {
    expect((await sameOutcome((client) => client.send('event', 1))).values).toEqual(['what an event gives']);
  });

  it('ends the stream of a caller that takes some items only', async () => {
    expect((await sameOutcome((client) => client.send('endless', {}).pipe(take(2)))).values).toEqual([1, 2]);
  });

  it.each([
    [null, {}],
    [undefined, {}],
    ['echo', null],
    ['echo', undefined],
  ])('refuses the pattern %j with the data %j', async (pattern, data) => {
    const sent = await sameOutcome((client) => client.send(pattern, data));
    const emitted = await sameOutcome((client) => client.emit(pattern, data));
    for (const { error } of [sent, emitted])
      expect((error as Error).constructor.name).toBe('InvalidMessageException');
  });

  it.each([[''], [0], [false], [[]], [{}], ['text']])('brings the data %j to its handler', async (data) => {
    expect((await sameOutcome((client) => client.send('echo', data))).values).toEqual([data]);
  });

  it('tells an event to the handler of a message, too', async () => {
    for (const { client, controller } of [tcp, heartwire]) {
      controller.heard.length = 0;
      expect(await outcomeOf(client.emit('echo', { over: 'emit' }))).toMatchObject({
        end: 'complete',
        values: [undefined],
      });
      // The answer to a later call on the same connection shows that the event has arrived.
      await outcomeOf(client.send('echo', 'later'));
      expect(controller.heard).toEqual([{ over: 'emit' }, 'later']);
    }
  });

  it.each(['message first', 'event first'])(
    'runs the same of a message handler and an event handler for one pattern: %s',
    async (pattern) => {
      const heard: unknown[][] = [];
      expect((await sameOutcome((client) => client.send(pattern, 'sent'))).values).toEqual(['message']);
      for (const { client, controller } of [tcp, heartwire]) {
        controller.heard.length = 0;
        await outcomeOf(client.emit(pattern, 'told'));
        await outcomeOf(client.send('echo', 'later'));
        heard.push([...controller.heard]);
      }
      expect(heard[1]).toEqual(heard[0]);
      expect(heard[1]).toEqual(['message', 'told', 'later']);
    },
  );

  it('shows a handler the same text of an object pattern', async () => {
    const asked = await sameOutcome((client) => client.send({ asked: { by: 'object', at: 1 } }, {}));
    expect(asked.values).toEqual(['{"asked":{"by":"object","at":1}}']);
    for (const { client, controller } of [tcp, heartwire]) {
      controller.heard.length = 0;
      await outcomeOf(client.emit({ told: { by: 'object', at: 1 } }, {}));
      await outcomeOf(client.send('echo', 'later'));
      expect(controller.heard).toEqual(['{"told":{"at":1,"by":"object"}}', 'later']);
    }
  });

  it.each([
    ['result', 'text'],
    ['result', 'undefined'],
    ['result, streamed', 'null'],
    ['throw', 'RpcException, object'],
    ['throw', 'Error'],
    ['error later', 'RpcException, text'],
  ])('shows a subclass with serializeError and serializeResponse the same: %s, %s', async (pattern, name) => {
    const { values, end, error } = await sameOutcome((client) => client.send(pattern, name), 'own');
    expect(
      [...values, ...(end === 'error' ? [error] : [])].every(
        (seen) => Object.keys(seen as object)[0] === 'seen',
      ),
    ).toBe(true);
  });
});
