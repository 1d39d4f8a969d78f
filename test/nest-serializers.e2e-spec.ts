import { Controller } from '@nestjs/common';
import {
  Ctx,
  EventPattern,
  IncomingRequestDeserializer,
  IncomingResponseDeserializer,
  MessagePattern,
  RpcException,
} from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  HeartwireClient,
  HeartwireContext,
  type HeartwireServer,
  type HeartwireServerOptions,
} from 'heartwire';
import { filter, firstValueFrom, type Observable, of } from 'rxjs';

import { type Deferred, deferred } from './support/deferred.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class EchoController {
  readonly heard: unknown[] = [];

  @MessagePattern('echo')
  echo(data: unknown): unknown {
    this.heard.push(data);
    return data;
  }

  @MessagePattern({ cmd: 'count' })
  count(to: number): Observable<number> {
    return of(...Array.from({ length: to }, (_, index) => index + 1));
  }

  @MessagePattern('nothing')
  nothing(): void {}

  @MessagePattern('fail')
  fail(reason: unknown): never {
    throw new RpcException({ reason });
  }

  @MessagePattern('metadata')
  metadata(@Ctx() context: HeartwireContext): unknown {
    return context.metadata;
  }

  @EventPattern('event')
  event(data: unknown): void {
    this.heard.push(data);
  }
}

/** Packets in an envelope of someone else's: neither end could read them without its deserializer. */
class Envelope {
  readonly outgoing: unknown[] = [];
  readonly incoming: unknown[] = [];

  serialize(packet: unknown): unknown {
    this.outgoing.push(packet);
    return { version: 3, letter: packet };
  }

  deserialize(value: unknown): unknown {
    this.incoming.push(value);
    return (value as { letter: unknown }).letter;
  }
}

/** The same, but it takes a while to open one, and not the same while each time. */
class SlowEnvelope extends Envelope {
  private opened = 0;

  override async deserialize(value: unknown): Promise<unknown> {
    const turns = this.opened++ % 3 === 0 ? 5 : 1;
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    return super.deserialize(value);
  }
}

/** Reads nothing before its gate opens. */
function slowDeserializer(): {
  readonly gate: Deferred;
  readonly begun: Deferred;
  readonly deserialize: (value: unknown) => Promise<unknown>;
} {
  const [gate, begun] = [deferred(), deferred()];
  const deserialize = async (value: unknown): Promise<unknown> => {
    begun.resolve();
    await gate.promise;
    return value;
  };
  return { gate, begun, deserialize };
}

describe('custom serializers and deserializers', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  const open = async (
    serverOptions: Omit<HeartwireServerOptions, 'url' | 'urls'>,
    options: ConstructorParameters<typeof HeartwireClient>[0] | object,
  ): Promise<{ client: HeartwireClient; controller: EchoController; server: HeartwireServer }> => {
    const { url, app, server } = await stage.serve(
      { controllers: [EchoController] },
      { server: serverOptions },
    );
    return { client: stage.client(url, options), controller: app.get(EchoController), server };
  };

  describe.each([
    ['sync', (): Envelope => new Envelope()],
    ['async', (): Envelope => new SlowEnvelope()],
  ])('both ends with a %s deserializer', (_, envelope) => {
    it('carry calls, streams, failures, metadata and events', async () => {
      const [serverSide, clientSide] = [envelope(), envelope()];
      const { client, controller } = await open(
        { serializer: serverSide, deserializer: serverSide },
        { serializer: clientSide, deserializer: clientSide },
      );
      expect(await firstValueFrom(client.send('echo', { deep: [1] }))).toEqual({ deep: [1] });
      expect((await outcomeOf(client.send({ cmd: 'count' }, 4))).values).toEqual([1, 2, 3, 4]);
      expect(await outcomeOf(client.send('nothing', {}))).toEqual({
        values: [],
        end: 'complete',
        error: undefined,
      });
      expect(await errorOf(client.send('fail', 'tea'))).toEqual({ reason: 'tea' });
      expect(await errorOf(client.send('unknown', {}))).toMatchObject({
        code: 'NO_HANDLER',
        sent: 'answered',
      });
      const metadata = { trace: 'abc' };
      expect(await firstValueFrom(client.send('metadata', {}, { metadata }))).toEqual(metadata);
      await outcomeOf(client.emit('event', 'plain'));
      await outcomeOf(client.emit('event', 'acknowledged', { acknowledge: true }));
      expect(controller.heard).toEqual([{ deep: [1] }, 'plain', 'acknowledged']);
    });

    it('see packets as those of Nest see them, and no control message', async () => {
      const [serverSide, clientSide] = [envelope(), envelope()];
      const { client } = await open(
        { serializer: serverSide, deserializer: serverSide },
        { serializer: clientSide, deserializer: clientSide },
      );
      await outcomeOf(client.send('echo', 'hello'));
      await outcomeOf(client.send('fail', 'tea'));
      await outcomeOf(client.emit('event', 'plain'));
      await outcomeOf(client.emit('event', 'acknowledged', { acknowledge: true }));

      const id = expect.anything();
      expect(clientSide.outgoing).toEqual([
        { id, pattern: 'echo', data: 'hello', timeoutMs: expect.any(Number) },
        { id, pattern: 'fail', data: 'tea', timeoutMs: expect.any(Number) },
        { pattern: 'event', data: 'plain' },
        { id, event: true, pattern: 'event', data: 'acknowledged' },
      ]);
      expect(serverSide.outgoing).toEqual([
        { id, response: 'hello', isDisposed: true },
        { id, err: { reason: 'tea' }, isDisposed: true },
        { id, isDisposed: true },
      ]);
      const sealed = (packets: unknown[]): unknown =>
        JSON.parse(JSON.stringify(packets.map((letter) => ({ version: 3, letter }))));
      expect(serverSide.incoming).toEqual(sealed(clientSide.outgoing));
      expect(clientSide.incoming).toEqual(sealed(serverSide.outgoing));
    });

    it('keep the order of many calls', async () => {
      const [serverSide, clientSide] = [envelope(), envelope()];
      const { client, controller } = await open(
        { serializer: serverSide, deserializer: serverSide },
        { serializer: clientSide, deserializer: clientSide },
      );
      const numbers = Array.from({ length: 50 }, (_value, index) => index);
      const answers: unknown[] = [];
      const record = async (number: number): Promise<void> => {
        answers.push(await firstValueFrom(client.send('echo', number)));
      };
      await Promise.all(numbers.map(record));
      expect(controller.heard).toEqual(numbers);
      expect(answers).toEqual(numbers);
    });
  });

  it("Nest's own deserializers fit", async () => {
    const { client } = await open(
      { deserializer: new IncomingRequestDeserializer() },
      { deserializer: new IncomingResponseDeserializer() },
    );
    expect(await firstValueFrom(client.send('echo', { deep: [1] }))).toEqual({ deep: [1] });
    expect((await outcomeOf(client.send({ cmd: 'count' }, 3))).values).toEqual([1, 2, 3]);
    expect(await errorOf(client.send('fail', 'tea'))).toEqual({ reason: 'tea' });
    expect(await outcomeOf(client.send('nothing', {}))).toEqual({
      values: [],
      end: 'complete',
      error: undefined,
    });
    expect(await outcomeOf(client.emit('event', 1, { acknowledge: true }))).toMatchObject({
      end: 'complete',
    });
  });

  it('one end alone may have them, to change what is said', async () => {
    const { client } = await open(
      { serializer: { serialize: (packet: object) => ({ ...packet, response: 'changed' }) } },
      { deserializer: { deserialize: (value: object) => value } },
    );
    expect(await firstValueFrom(client.send('echo', 'original'))).toBe('changed');
  });

  it('a serializer of the client that throws fails its call, which never leaves', async () => {
    const serialize = (packet: { data?: unknown }): object => {
      if (packet.data === 'poison') throw new Error('not this');
      return packet;
    };
    const { client, controller } = await open({}, { serializer: { serialize } });
    expect(await errorOf(client.send('echo', 'poison'))).toEqual(new Error('not this'));
    expect(await firstValueFrom(client.send('echo', 'food'))).toBe('food');
    expect(controller.heard).toEqual(['food']);
  });

  it.each([
    ['nothing', (): unknown => undefined],
    ['null', (): unknown => null],
    ['a Promise', (): unknown => Promise.resolve({})],
    ['a Promise that fails', (): unknown => Promise.reject(new Error('nobody waits for it'))],
  ])('a serializer that gives %s fails that call alone, at either end', async (_, give) => {
    const serialize = (packet: { data?: unknown; response?: unknown }): unknown =>
      [packet.data, packet.response].includes('poison') ? give() : packet;
    const message = expect.stringContaining('the serializer must give what is to be sent');
    for (const [serverOptions, options] of [
      [{}, { serializer: { serialize } }],
      [{ serializer: { serialize } }, {}],
    ] as const) {
      const { client, server } = await open(serverOptions, options);
      const clientIds = (): readonly string[] => server.connections.map(({ clientId }) => clientId);
      expect(await firstValueFrom(client.send('echo', 'food'))).toBe('food');
      const before = clientIds();
      const error = await errorOf(client.send('echo', 'poison'));
      expect(error).toMatchObject({ code: 'UNSERIALIZABLE', message });
      expect(await firstValueFrom(client.send('echo', 'food'))).toBe('food');
      expect(clientIds()).toEqual(before);
    }
  });

  it.each(['response', 'err'])(
    'a serializer of the server that throws at a %s fails that call alone',
    async (member) => {
      const serialize = (packet: Record<string, unknown>): object => {
        if (packet[member] !== undefined) throw new Error('not this');
        return packet;
      };
      const { client } = await open({ serializer: { serialize } }, {});
      const error = await errorOf(client.send(member === 'err' ? 'fail' : 'echo', 'x'));
      expect(error).toEqual({ status: 'error', message: 'Internal server error' });
      expect(await outcomeOf(client.send('nothing', {}))).toMatchObject({ end: 'complete' });
    },
  );

  it('a call that waits in an async deserializer holds back those behind it, not the caller', async () => {
    const gate = deferred();
    let isFirst = true;
    const deserialize = async (value: unknown): Promise<unknown> => {
      if (isFirst) {
        isFirst = false;
        await gate.promise;
      }
      return value;
    };
    const { client, controller } = await open({ deserializer: { deserialize } }, {});
    const [first, second] = [1, 2].map((data) => firstValueFrom(client.send('echo', data)));
    expect(await errorOf(client.send('echo', 3, { timeoutMs: 20 }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(controller.heard).toEqual([]);
    gate.resolve();
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(controller.heard.slice(0, 2)).toEqual([1, 2]);
  });

  it('events that are still read by an async deserializer are handled, though their client has closed', async () => {
    const { gate, begun, deserialize } = slowDeserializer();
    const { client, controller, server } = await open({ deserializer: { deserialize } }, {});
    client.emit('event', 1);
    client.emit('event', 2);
    await begun.promise;
    await client.close();
    await until('the client is gone', () => server.connections.every(({ isConnected }) => !isConnected));
    gate.resolve();
    await until('both events are handled', () => controller.heard.length === 2);
    expect(controller.heard).toEqual([1, 2]);
    await until('nothing is kept of it', () => server.connections.length === 0);
  });

  it('answers that are still read by an async deserializer arrive, though their server has closed', async () => {
    const { gate, begun, deserialize } = slowDeserializer();
    const { url, app } = await stage.serve({ controllers: [EchoController] });
    const client = stage.client(url, { deserializer: { deserialize } });
    const answers = Promise.all([1, 2].map((data) => firstValueFrom(client.send('echo', data))));
    await begun.promise;
    await app.close();
    const status = client.status.pipe(filter((each) => each === 'reconnecting'));
    await firstValueFrom(status);
    gate.resolve();
    expect(await answers).toEqual([1, 2]);
  });

  it('a call that is still read by an async deserializer is not begun once its client has closed', async () => {
    const { gate, begun, deserialize } = slowDeserializer();
    const { client, controller, server } = await open(
      { deserializer: { deserialize } },
      { drainTimeoutMs: 100 },
    );
    const outcome = outcomeOf(client.send('echo', 'called'));
    client.emit('event', 'told');
    await begun.promise;
    await client.close();
    expect((await outcome).error).toMatchObject({ code: 'CONNECTION_LOST' });
    await until('the client is gone', () => server.connections.every(({ isConnected }) => !isConnected));
    gate.resolve();
    await until('nothing is kept of it', () => server.connections.length === 0);
    expect(controller.heard).toEqual(['told']);
  });
});
