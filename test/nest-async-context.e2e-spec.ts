import { AsyncLocalStorage } from 'node:async_hooks';

import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HeartwireClient, HeartwireModule, type HeartwireServer, PushPattern } from 'heartwire';
import { firstValueFrom, lastValueFrom, Observable, ReplaySubject, take, toArray } from 'rxjs';

import { moduleOf, Stage } from './support/stage.js';
import { until } from './support/until.js';

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

/** As interceptors do. */
class KeepWithin implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const data: unknown = context.switchToRpc().getData();
    return new Observable((subscriber) => kept.run(data, () => next.handle().subscribe(subscriber)));
  }
}

async function* itemsOfContext(): AsyncGenerator {
  for (let item = 0; item < ITEMS; item++) {
    yield kept.getStore();
    await Promise.resolve();
  }
}

@Injectable()
class KeepingListener {
  @UseGuards(Keep)
  @PushPattern('guarded')
  guarded(): AsyncGenerator {
    return itemsOfContext();
  }

  @UseInterceptors(KeepWithin)
  @PushPattern('intercepted')
  intercepted(): AsyncGenerator {
    return itemsOfContext();
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
  @MessagePattern('guarded')
  guarded(): AsyncGenerator {
    return itemsOfContext();
  }

  @UseInterceptors(KeepWithin)
  @MessagePattern('intercepted')
  intercepted(): AsyncGenerator {
    return itemsOfContext();
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
  let server: HeartwireServer;
  let controller: KeepingController;

  beforeEach(async () => {
    // One event at a time: the next one is started at the end of the one before.
    const limits = { runningCallsPerConnection: 1 };
    const served = await stage.serve({ controllers: [KeepingController] }, { server: { limits } });
    server = served.server;
    controller = served.app.get(KeepingController);
    client = stage.client(served.url);
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

  it.each(['guarded', 'intercepted'])('is there in a generator to its end: %s', async (pattern) => {
    const items = await lastValueFrom(client.send(pattern, 'a').pipe(toArray()));
    expect(items).toEqual(Array.from({ length: ITEMS }, () => 'a'));
  });

  it.each(['guarded', 'intercepted'])('is there in one that answers a push: %s', async (pattern) => {
    const imports = [HeartwireModule.register([{ name: 'CHAT', url: server.address }])];
    const module = moduleOf({ imports, providers: [KeepingListener] });
    stage.track(await NestFactory.createApplicationContext(module, { logger: stage.logger }));
    await until('it is there', () => server.hub.clients.length === 1);
    const answer$ = server.hub.client(server.hub.clients[0] ?? '').send(pattern, 'a');
    expect(await lastValueFrom(answer$.pipe(toArray()))).toEqual(Array.from({ length: ITEMS }, () => 'a'));
  });
});
