import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient } from 'heartwire';
import { map, merge, type Observable, tap, timer } from 'rxjs';

import { ItemSource, numbers, SOURCE_KINDS, type SourceKind } from './support/item-source.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

class PassingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap(() => undefined));
  }
}

class ImpatientInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    const tooLong$ = timer(20).pipe(map(() => throwNow()));
    return merge(next.handle(), tooLong$);
  }
}

function throwNow(): never {
  throw new RpcException('too long');
}

@Controller()
class DownloadsController {
  source = new ItemSource();

  @MessagePattern('plain')
  plain(@Payload() kind: SourceKind): unknown {
    return this.source.as(kind);
  }

  @MessagePattern('promised')
  promised(@Payload() kind: SourceKind): Promise<unknown> {
    return Promise.resolve(this.source.as(kind));
  }

  @MessagePattern('intercepted')
  @UseInterceptors(PassingInterceptor)
  intercepted(@Payload() kind: SourceKind): unknown {
    return this.source.as(kind);
  }

  @MessagePattern('given up')
  @UseInterceptors(ImpatientInterceptor)
  givenUp(@Payload() kind: SourceKind): unknown {
    return this.source.as(kind);
  }
}

describe('a stream that answers a call', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: DownloadsController;

  beforeEach(async () => {
    const { app, url } = await stage.serve({ controllers: [DownloadsController] });
    controller = app.get(DownloadsController);
    client = stage.client(url);
  });

  afterEach(() => stage.clear());

  async function iterated(pattern: string, kind: SourceKind): Promise<number[]> {
    const items: number[] = [];
    for await (const item of client.send<number>(pattern, kind)) items.push(item);
    return items;
  }

  describe.each(['plain', 'promised', 'intercepted'])('%s', (pattern) => {
    it.each(SOURCE_KINDS)('comes from a source of this kind: %s', async (kind) => {
      controller.source = new ItemSource(300);
      expect(await iterated(pattern, kind)).toEqual(numbers(300));
      expect(controller.source.isEnded).toBe(true);
      controller.source = new ItemSource(300);
      expect(await outcomeOf(client.send<number>(pattern, kind))).toMatchObject({
        values: numbers(300),
        end: 'complete',
      });
    });

    it.each(SOURCE_KINDS)('may be empty: %s', async (kind) => {
      controller.source = new ItemSource(0);
      expect(await iterated(pattern, kind)).toEqual([]);
    });

    it.each(SOURCE_KINDS)('fails behind its items, as its source did: %s', async (kind) => {
      const details = { disk: 'full' };
      controller.source = new ItemSource(100, new RpcException({ status: 'error', details }));
      const { values, error } = await outcomeOf(client.send<number>(pattern, kind));
      expect(values).toEqual(numbers(100));
      expect(error).toEqual({ status: 'error', details });
    });
  });

  it('gives to iteration what came before the failure, too', async () => {
    controller.source = new ItemSource(100, new RpcException('no'));
    const items: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const item of client.send<number>('plain', 'async generator')) items.push(item);
    };
    await expect(reading()).rejects.toEqual({ status: 'error', message: 'no' });
    expect(items).toEqual(numbers(100));
  });

  it('can be asked for several items at once, and is over after its end', async () => {
    controller.source = new ItemSource(2);
    const iterator = client.send<number>('plain', 'Observable')[Symbol.asyncIterator]();
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
    const done = { done: true, value: undefined };
    expect(results).toEqual([{ done: false, value: 0 }, { done: false, value: 1 }, done, done]);
    expect(await iterator.next()).toEqual(done);
  });

  it('is not begun before it is read, and begun anew by each reader', async () => {
    controller.source = new ItemSource(3);
    const items$ = client.send<number>('plain', 'async generator');
    const unread = items$[Symbol.asyncIterator]();
    expect(await unread.return?.()).toEqual({ done: true, value: undefined });
    expect(controller.source.given).toBe(0);
    expect((await outcomeOf(items$)).values).toEqual(numbers(3));
    controller.source = new ItemSource(4);
    expect((await outcomeOf(items$)).values).toEqual(numbers(4));
  });

  it.each(['async generator', 'Readable', 'Web ReadableStream'] as const)(
    'is stopped when an interceptor fails: %s',
    async (kind) => {
      expect(await errorOf(client.send('given up', kind))).toEqual({ status: 'error', message: 'too long' });
      await until('the source is ended', () => controller.source.isEnded);
    },
  );
});
