import { Controller, ValidationPipe } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IsInt } from 'class-validator';
import {
  ErrorCode,
  type HeartwireClient,
  HeartwireContext,
  HeartwireError,
  HeartwireExceptionFilter,
  IncomingStream,
  type StreamSource,
} from 'heartwire';
import { catchError, firstValueFrom, from, lastValueFrom, map, of, range, toArray } from 'rxjs';

import { ItemSource, numbers, SOURCE_KINDS } from './support/item-source.js';
import { errorOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

class UploadDto {
  @IsInt()
  readonly factor: number;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

@Controller()
class UploadsController {
  failure: unknown;

  @MessagePattern('multiplied')
  async multiplied(
    @Payload() { factor }: UploadDto,
    @IncomingStream() items: IncomingStream<number>,
  ): Promise<number[]> {
    return (await all(items)).map((item) => item * factor);
  }

  @MessagePattern('from the context')
  fromContext(@Ctx() { stream }: HeartwireContext): Promise<unknown[]> {
    return all(stream);
  }

  @MessagePattern('subscribed')
  subscribed(@IncomingStream() items: IncomingStream<number>): Promise<number[]> {
    return lastValueFrom(items.pipe(toArray()));
  }

  @MessagePattern('echoed')
  echoed(@Ctx() { stream }: HeartwireContext): AsyncIterable<unknown> {
    return stream;
  }

  @MessagePattern('piped')
  piped(@IncomingStream() items: IncomingStream<number>): unknown {
    return items.pipe(map((item) => item * 2));
  }

  @MessagePattern('read twice')
  async readTwice(@Ctx() { stream }: HeartwireContext): Promise<unknown> {
    await all(stream);
    return firstValueFrom(stream.pipe(catchError((error: HeartwireError) => of(error.message))));
  }

  @MessagePattern('failing')
  async failing(@Ctx() { stream }: HeartwireContext): Promise<void> {
    try {
      await all(stream);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

describe('a stream that goes with a call', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: UploadsController;

  beforeEach(async () => {
    const { app, url } = await stage.serve(
      { controllers: [UploadsController] },
      {
        prepare: (served) => {
          served.useGlobalPipes(new ValidationPipe({ transform: true }));
          served.useGlobalFilters(new HeartwireExceptionFilter());
        },
      },
    );
    controller = app.get(UploadsController);
    client = stage.client(url);
  });

  afterEach(() => stage.clear());

  const send = (pattern: string, stream: ReturnType<ItemSource['as']>): Promise<unknown> =>
    lastValueFrom(client.send(pattern, { factor: 10 }, { stream }));

  it.each(SOURCE_KINDS)('comes from a source of this kind: %s', async (kind) => {
    const source = new ItemSource(200);
    expect(await send('multiplied', source.as(kind))).toEqual(numbers(200).map((item) => item * 10));
    expect(source.isEnded).toBe(true);
  });

  it.each(['from the context', 'subscribed'])('is read so: %s', async (pattern) => {
    expect(await send(pattern, new ItemSource(200).items())).toEqual(numbers(200));
    expect(await send(pattern, new ItemSource(0).items())).toEqual([]);
    expect(await send(pattern, of(1, 2, 3))).toEqual([1, 2, 3]);
    expect(await send(pattern, range(0, 5_000))).toEqual(numbers(5_000));
  });

  it('can be answered by a stream while it goes on', async () => {
    const echoed = client.send<number>('echoed', {}, { stream: new ItemSource(1_000).items() });
    expect(await all(echoed)).toEqual(numbers(1_000));
    const piped = client.send<number>('piped', {}, { stream: new ItemSource(1_000).items() });
    expect(await all(piped)).toEqual(numbers(1_000).map((item) => item * 2));
  });

  it('goes on to another service at the pace of that one', async () => {
    const echoed = client.send<number>('echoed', {}, { stream: new ItemSource(500).items() });
    expect(await send('subscribed', echoed)).toEqual(numbers(500));
  });

  it('leaves the payload as it is, to be validated', async () => {
    const source = new ItemSource();
    const refused = client.send('multiplied', { factor: 'a lot' }, { stream: source.items() });
    expect(await errorOf(refused)).toMatchObject({ status: 400 });
    await until('the source is ended', () => source.isEnded);
  });

  it('is empty for a call that sends none', async () => {
    expect(await firstValueFrom(client.send('from the context', {}))).toEqual([]);
    expect(await firstValueFrom(client.send('subscribed', {}))).toEqual([]);
  });

  it('has one consumer', async () => {
    expect(await send('read twice', of(1))).toMatch('has a consumer already');
  });

  it.each(SOURCE_KINDS)('fails at both ends when its source does: %s', async (kind) => {
    const fault = new HeartwireError(ErrorCode.OVERLOADED, 'the disk is full', { sent: 'maybe' });
    const source = new ItemSource(100, fault);
    expect(await errorOf(client.send('failing', {}, { stream: source.as(kind) }))).toBe(fault);
    await until('the handler has heard it', () => controller.failure !== undefined);
    expect(controller.failure).toMatchObject({ code: 'OVERLOADED', message: 'the disk is full' });
    expect(source.isEnded).toBe(true);
  });

  it('fails when an item has no word in JSON', async () => {
    const source = from([{ size: 1n }]);
    expect(await errorOf(client.send('failing', {}, { stream: source }))).toMatchObject({
      code: 'UNSERIALIZABLE',
      sent: 'maybe',
    });
    await until('the handler has heard it', () => controller.failure !== undefined);
  });

  it.each([
    ['an array', [1, 2]],
    ['a text', 'text'],
    ['null', null],
    ['a promise', Promise.resolve(of(1))],
  ])('is refused before anything is sent when it is %s', async (_what, stream) => {
    const options = { stream: stream as unknown as StreamSource };
    expect(await errorOf(client.send('failing', {}, options))).toMatchObject({
      code: 'INVALID_OPTIONS',
      sent: 'never',
    });
    expect(controller.failure).toBeUndefined();
  });

  it('is refused with an event, and ended', async () => {
    const source = new ItemSource();
    const options = { stream: source.readable() } as object;
    expect(await errorOf(client.emit('failing', {}, options))).toMatchObject({ code: 'INVALID_OPTIONS' });
    await until('it is ended', () => source.isEnded);
    expect(controller.failure).toBeUndefined();
  });

  it('fails its call alone when it is being read elsewhere already', async () => {
    const web = new ItemSource().web();
    const reader = web.getReader();
    expect(await errorOf(client.send('failing', {}, { stream: web }))).toMatchObject({ name: 'TypeError' });
    reader.releaseLock();
    expect(await send('subscribed', of(1))).toEqual([1]);
  });
});
