import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { from, type Observable } from 'rxjs';

import { deferred } from './support/deferred.js';
import { outcomeOf } from './support/outcome.js';
import { RawPeer } from './support/raw-peer.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** Handlers that go on with their work whether or not anybody waits for it. */
@Controller()
class StubbornController {
  gate = deferred();
  atWork = 0;
  most = 0;

  @MessagePattern('work')
  async work(): Promise<string> {
    this.begin();
    await this.gate.promise;
    this.atWork -= 1;
    return 'done';
  }

  @MessagePattern('work.items')
  async *items(): AsyncGenerator<string> {
    this.begin();
    await this.gate.promise;
    this.atWork -= 1;
    yield 'done';
  }

  @MessagePattern('pushed')
  pushed(): Observable<number> {
    return from(new Promise<number>(() => undefined));
  }

  @MessagePattern('pulse')
  pulse(): string {
    return 'beat';
  }

  private begin(): void {
    this.atWork += 1;
    this.most = Math.max(this.most, this.atWork);
  }
}

describe('calls that are made and given up at once', () => {
  const stage = new Stage();
  let controller: StubbornController;
  let url: string;

  beforeEach(async () => {
    const limits = { runningCallsPerConnection: 8, runningCalls: 12 };
    const served = await stage.serve(
      { controllers: [StubbornController] },
      { server: { limits, resumeWindowMs: 0, drainTimeoutMs: 100 } },
    );
    ({ url } = served);
    controller = served.app.get(StubbornController);
  });

  afterEach(async () => {
    controller.gate.resolve();
    await stage.clear();
  });

  const connect = async (): Promise<RawPeer> => stage.track(await RawPeer.connect(url));

  /** Makes so many calls, each given up in the same moment. */
  const makeAndCancel = (peer: RawPeer, pattern: string, times: number): void => {
    for (let id = 0; id < times; id++) peer.send({ id, pattern, data: {} }, { type: 'cancel', id });
  };

  const pulse = async (peer: RawPeer, id: string): Promise<unknown> => {
    peer.send({ id, pattern: 'pulse', data: {} });
    const { response, err } = await peer.received({ id });
    return response ?? (err as { code: string }).code;
  };

  it('have no more handlers at work than calls may run, and free their places when these are done', async () => {
    const [greedy, honest] = [await connect(), await connect()];
    makeAndCancel(greedy, 'work', 200);
    expect(await pulse(greedy, 'while they work')).toBe('OVERLOADED');
    await until('the handlers are at work', () => controller.atWork === 8);
    expect(await pulse(honest, 'beside them')).toBe('beat');
    controller.gate.resolve();
    await until('the handlers are done', () => controller.atWork === 0);
    expect(await pulse(greedy, 'afterwards')).toBe('beat');
    expect(controller.most).toBe(8);
  });

  it('cost a client none of its other calls, which wait for their turn', async () => {
    const client = stage.client(url);
    const made = Array.from({ length: 8 }, () => client.send('work', {}).subscribe());
    const waiting = [1, 2, 3].map(() => outcomeOf(client.send('pulse', {})));
    await until('the handlers are at work', () => controller.atWork === 8);
    for (const call of made.slice(0, 3)) call.unsubscribe();
    for (const outcome of waiting) expect(await outcome).toMatchObject({ end: 'complete', values: ['beat'] });
    expect(controller.atWork).toBe(8);
  });

  it('count also while a generator is between two items', async () => {
    const peer = await connect();
    for (let id = 0; id < 8; id++) {
      peer.send({ id, pattern: 'work.items', data: {} });
      await until('it is at work', () => controller.atWork === id + 1);
      peer.send({ type: 'cancel', id });
    }
    expect(await pulse(peer, 'while they work')).toBe('OVERLOADED');
    controller.gate.resolve();
    await until('the handlers are done', () => controller.atWork === 0);
    await until('there is room', async () => (await pulse(peer, randomUUID())) === 'beat');
  });

  it('count for the process also when their connection is gone', async () => {
    for (let n = 0; n < 4; n++) {
      const peer = await connect();
      makeAndCancel(peer, 'work', 8);
      await pulse(peer, 'all was read');
      peer.close();
    }
    await until('the handlers are at work', () => controller.atWork >= 12);
    const honest = await connect();
    expect(await pulse(honest, 'at the bound')).toBe('OVERLOADED');
    controller.gate.resolve();
    await until('the handlers are done', () => controller.atWork === 0);
    expect(await pulse(honest, 'afterwards')).toBe('beat');
    expect(controller.most).toBe(12);
  });

  it('keep no place when their deadline is over and their handler done', async () => {
    const peer = await connect();
    for (let id = 0; id < 8; id++) peer.send({ id, pattern: 'work', data: {}, timeoutMs: 20 });
    await peer.received({ id: 7, isDisposed: true });
    expect(await pulse(peer, 'while they work')).toBe('OVERLOADED');
    controller.gate.resolve();
    await until('the handlers are done', () => controller.atWork === 0);
    expect(await pulse(peer, 'afterwards')).toBe('beat');
  });

  it('keep no place when their Observable is unsubscribed from', async () => {
    const peer = await connect();
    makeAndCancel(peer, 'pushed', 50);
    await until('there is room', async () => (await pulse(peer, randomUUID())) === 'beat');
  });
});
