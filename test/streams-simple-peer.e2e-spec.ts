import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireContext, HeartwireServer } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { deferred } from './support/deferred.js';
import { ItemSource, numbers } from './support/item-source.js';
import type { RawMessage } from './support/raw-end.js';
import { RawPeer } from './support/raw-peer.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const CREDIT = 64;
const HELLO = { type: 'hello', protocol: 1 };
const BREACH = {
  type: 'error',
  code: 'PROTOCOL_ERROR',
  message: 'a stream must not send more items than it has credit for',
};

@Controller()
class HandController {
  readonly source = new ItemSource(300);
  readonly gate = deferred();
  failure: unknown;

  @MessagePattern('collect')
  async collect(@Ctx() { stream }: HeartwireContext): Promise<unknown[]> {
    const items: unknown[] = [];
    try {
      for await (const item of stream) items.push(item);
    } catch (error) {
      this.failure = error;
      throw error;
    }
    return items;
  }

  @MessagePattern('hold')
  async hold(): Promise<string> {
    await this.gate.promise;
    return 'held';
  }

  @MessagePattern('first')
  async first(@Ctx() { stream }: HeartwireContext): Promise<void> {
    await firstValueFrom(stream);
    await this.gate.promise;
  }

  @MessagePattern('count')
  count(@Payload() _: unknown): AsyncIterable<number> {
    return this.source.items();
  }
}

describe('a stream that is sent by hand', () => {
  const stage = new Stage();
  let server: HeartwireServer;
  let controller: HandController;
  let peer: RawPeer;

  beforeEach(async () => {
    const served = await stage.serve({ controllers: [HandController] }, { server: { drainTimeoutMs: 50 } });
    server = served.server;
    controller = served.app.get(HandController);
    peer = stage.track(await RawPeer.connect(server.address));
    await peer.received({ type: 'welcome' });
  });

  afterEach(async () => {
    controller.gate.resolve();
    await stage.clear();
  });

  const chunks = (id: unknown, from: number, to: number): RawMessage[] =>
    numbers(to)
      .slice(from)
      .map((chunk) => ({ id, chunk }));

  const heard = (members: RawMessage): number =>
    peer.messages.filter((message) =>
      Object.entries(members).every(([name, value]) => message[name] === value),
    ).length;

  it('comes to the handler, without a hello', async () => {
    const request = { id: 'up', pattern: 'collect', data: {}, stream: true };
    peer.send(request, { id: 'up', chunk: { row: 1 } }, { id: 'up', chunk: null }, { id: 'up', end: true });
    expect(await peer.received({ id: 'up' })).toEqual({
      id: 'up',
      response: [{ row: 1 }, null],
      isDisposed: true,
    });
  });

  it('is granted credit in portions, as its items are taken', async () => {
    peer.send({ id: 1, pattern: 'collect', data: {}, stream: true }, ...chunks(1, 0, CREDIT));
    await until('all are taken', () => heard({ type: 'credit', id: 1 }) === 2);
    expect(peer.messages.filter(({ type }) => type === 'credit')).toEqual([
      { type: 'credit', id: 1, n: CREDIT / 2, stream: true },
      { type: 'credit', id: 1, n: CREDIT / 2, stream: true },
    ]);
    peer.send(...chunks(1, CREDIT, 2 * CREDIT), { id: 1, end: true });
    expect(await peer.received({ id: 1, isDisposed: true })).toMatchObject({ response: numbers(2 * CREDIT) });
  });

  it('fails as the peer says', async () => {
    const err = { code: 'OVERLOADED', message: 'the tape is torn' };
    peer.send({ id: 1, pattern: 'collect', data: {}, stream: true }, { id: 1, end: true, err });
    expect(await peer.received({ id: 1 })).toMatchObject({ isDisposed: true });
    expect(controller.failure).toMatchObject(err);
  });

  it('that nobody takes ends the connection beyond its credit, and no other', async () => {
    const bystander = stage.client(server.address);
    await bystander.connect();
    peer.send({ id: 1, pattern: 'hold', data: {}, stream: true }, ...chunks(1, 0, CREDIT));
    peer.send({ id: 2, pattern: 'collect', data: {}, stream: true }, { id: 2, end: true });
    expect(await peer.received({ id: 2 })).toMatchObject({ response: [] });
    peer.send({ id: 1, chunk: 'one too many' });
    expect(await peer.received({ type: 'error' })).toEqual(BREACH);
    await peer.closed();
    await until('one connection is left', () => server.connections.length === 1);
  });

  it('is told when nobody wants it, and may still be on its way', async () => {
    peer.send({ id: 1, pattern: 'first', data: {}, stream: true }, ...chunks(1, 0, 10));
    expect(await peer.received({ type: 'cancel' })).toEqual({ type: 'cancel', id: 1, stream: true });
    peer.send(...chunks(1, 10, 200), { id: 1, end: true });
    peer.send({ id: 2, pattern: 'hold', data: {}, stream: true });
    controller.gate.resolve();
    expect(await peer.received({ id: 2 })).toMatchObject({ response: 'held' });
    peer.send(
      ...chunks(2, 0, 200),
      { id: 3, pattern: 'collect', data: {}, stream: true },
      { id: 3, end: true },
    );
    expect(await peer.received({ id: 3 })).toMatchObject({ response: [] });
  });

  it('answers as it comes for who said no hello, and within its credit for who did', async () => {
    peer.send({ id: 1, pattern: 'count', data: {} });
    await peer.received({ id: 1, isDisposed: true });
    expect(heard({ id: 1 })).toBe(301);

    const careful = stage.track(await RawPeer.connect(server.address));
    const answers = (): unknown[] =>
      careful.messages.filter(({ id, type }) => id === 1 && type === undefined);
    controller.source.given = 0;
    careful.send(HELLO, { id: 1, pattern: 'count', data: {} });
    await until('its credit is used up', () => answers().length === CREDIT);
    careful.send({ id: 2, pattern: 'collect', data: {}, stream: true }, { id: 2, end: true });
    await careful.received({ id: 2 });
    expect(answers()).toHaveLength(CREDIT);
    careful.send({ type: 'credit', id: 1, n: 10 });
    await until('what was granted has come', () => answers().length === CREDIT + 10);
    careful.send({ type: 'credit', id: 1, n: 1_000 });
    await careful.received({ id: 1, isDisposed: true });
    expect(answers()).toHaveLength(301);
    // Credit for what is over, or never was, changes nothing.
    careful.send({ type: 'credit', id: 1, n: 5 }, { type: 'credit', id: 9, n: 5, stream: true });
    careful.send({ id: 3, pattern: 'collect', data: {}, stream: true }, { id: 3, end: true });
    expect(await careful.received({ id: 3 })).toMatchObject({ response: [] });
  });
});
