import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PushPattern, HeartwireModule, type HeartwireServer } from 'heartwire';
import { finalize, NEVER, type Observable } from 'rxjs';

import { moduleOf, Stage } from './support/stage.js';
import { until } from './support/until.js';

/** Long enough for a call to reach its method on a busy machine; where it does not, the call is made again. */
const SHORT_MS = 300;

/** Who has begun, and who has ended. */
class Told {
  readonly begun: string[] = [];
  readonly ended: string[] = [];
}

@Injectable()
class TellEnd implements NestInterceptor {
  constructor(private readonly told: Told) {}

  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(finalize(() => this.told.ended.push('promise')));
  }
}

@Injectable()
class Endless {
  constructor(private readonly told: Told) {}

  @PushPattern('observable')
  observable(): Observable<never> {
    this.told.begun.push('observable');
    return NEVER.pipe(finalize(() => this.told.ended.push('observable')));
  }

  @UseInterceptors(TellEnd)
  @PushPattern('promise')
  promise(): Promise<never> {
    this.told.begun.push('promise');
    return new Promise(() => undefined);
  }
}

describe('a call to the method of a client that its server gives up', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  const open = async (): Promise<{ server: HeartwireServer; told: Told }> => {
    const { server, url } = await stage.serve({});
    const imports = [HeartwireModule.register([{ name: 'CHAT', url }])];
    const module = moduleOf({ imports, providers: [Told, Endless] });
    const app = stage.track(await NestFactory.createApplicationContext(module, { logger: stage.logger }));
    await until('the client is there', () => server.hub.clients.length === 1);
    return { server, told: app.get(Told) };
  };

  it.each(['observable', 'promise'])('ends what Nest makes of its %s: unsubscribed', async (pattern) => {
    const { server, told } = await open();
    const call = server.hub
      .client(server.hub.clients[0] ?? '')
      .send(pattern, {})
      .subscribe();
    await until('it runs', () => told.begun.length === 1);
    call.unsubscribe();
    await until('it has ended', () => told.ended.length === 1);
    expect(told.ended).toEqual([pattern]);
  });

  it.each(['observable', 'promise'])('ends what Nest makes of its %s: too late', async (pattern) => {
    const { server, told } = await open();
    const client = server.hub.client(server.hub.clients[0] ?? '');
    await until('one was begun in time', async () => {
      await new Promise((resolve) => {
        client.send(pattern, {}, { timeoutMs: SHORT_MS }).subscribe({ error: resolve });
      });
      return told.begun.length > 0;
    });
    await until('each has ended', () => told.ended.length === told.begun.length);
    expect(new Set(told.ended)).toEqual(new Set([pattern]));
  });
});
