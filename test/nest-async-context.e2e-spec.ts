import { AsyncLocalStorage } from 'node:async_hooks';

import { type CanActivate, Controller, type ExecutionContext, UseGuards } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient } from 'heartwire';
import { firstValueFrom, lastValueFrom, ReplaySubject, take, toArray } from 'rxjs';

import { Stage } from './support/stage.js';

/** More than a sender may have on its way before its receiver takes some. */
const ITEMS = 200;

const kept = new AsyncLocalStorage<unknown>();

/** As guards do that keep facts of a call for whatever it comes to. */
class Keep implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    kept.enterWith(context.switchToRpc().getData());
    return true;
  }
}

@Controller()
class KeepingController {
  readonly heard = new ReplaySubject<unknown>();

  @UseGuards(Keep)
  @MessagePattern('keep')
  async keep(): Promise<unknown> {
    await Promise.resolve();
    return kept.getStore();
  }

  @MessagePattern('look')
  look(): unknown {
    return kept.getStore() ?? 'nothing';
  }

  @UseGuards(Keep)
  @MessagePattern('generate')
  async *generate(): AsyncGenerator {
    for (let item = 0; item < ITEMS; item++) {
      yield kept.getStore();
      await Promise.resolve();
    }
  }

  @UseGuards(Keep)
  @EventPattern('event that keeps')
  async keepEvent(@Payload() data: unknown): Promise<void> {
    await Promise.resolve();
    this.heard.next([data, kept.getStore()]);
  }

  @EventPattern('event')
  hear(@Payload() data: unknown): void {
    this.heard.next([data, kept.getStore() ?? 'nothing']);
  }
}

describe('what an AsyncLocalStorage keeps of a call', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: KeepingController;

  beforeEach(async () => {
    // One event at a time: the next one is started at the end of the one before.
    const limits = { runningCallsPerConnection: 1 };
    const { app, url } = await stage.serve({ controllers: [KeepingController] }, { server: { limits } });
    controller = app.get(KeepingController);
    client = stage.client(url);
  });

  afterEach(() => stage.clear());

  it('is there in its handler, and not for the next call', async () => {
    expect(await firstValueFrom(client.send('keep', 'a'))).toBe('a');
    expect(await firstValueFrom(client.send('look', 'b'))).toBe('nothing');
    const both = [client.send('keep', 'c'), client.send('look', 'd')].map((call$) => firstValueFrom(call$));
    expect(await Promise.all(both)).toEqual(['c', 'nothing']);
  });

  it('is there for an event, and not for the one that waited for its end', async () => {
    client.emit('event that keeps', 'a');
    client.emit('event', 'b');
    client.emit('event that keeps', 'c');
    const heard = await lastValueFrom(controller.heard.pipe(take(3), toArray()));
    expect(heard).toEqual([
      ['a', 'a'],
      ['b', 'nothing'],
      ['c', 'c'],
    ]);
  });

  it('is there in a generator to its end', async () => {
    const items = await lastValueFrom(client.send('generate', 'a').pipe(toArray()));
    expect(items).toEqual(Array.from({ length: ITEMS }, () => 'a'));
  });
});
