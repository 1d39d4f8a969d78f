import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HEARTWIRE, type HeartwireClient, HeartwireContext, type Overflow } from 'heartwire';
import { type Observable, range, Subject } from 'rxjs';

import { deferred } from './support/deferred.js';
import { ItemSource, numbers } from './support/item-source.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** How many items a source may be ahead of its consumer. */
const CREDIT = 64;
const BUFFER = 10;
const MILLION = 1_000_000;
const MIB = 1_024 ** 2;

@Controller()
class CreditController {
  source = new ItemSource(MILLION);
  burst$: Observable<number> = new Subject();
  readonly taken: unknown[] = [];
  step = deferred();

  @MessagePattern('numbers')
  numbers(): AsyncIterable<number> {
    return this.source.items();
  }

  @MessagePattern('fail', HEARTWIRE, { overflow: 'fail' })
  fail(): Observable<number> {
    return this.burst$;
  }

  @MessagePattern('misspelt', HEARTWIRE, { overflow: 'drop_oldest' })
  misspelt(): Observable<number> {
    return this.burst$;
  }

  @MessagePattern('default')
  byDefault(): Observable<number> {
    return this.burst$;
  }

  @MessagePattern('drop-oldest', HEARTWIRE, { overflow: 'drop-oldest' })
  dropOldest(): Observable<number> {
    return this.burst$;
  }

  @MessagePattern('drop-newest', HEARTWIRE, { overflow: 'drop-newest' })
  dropNewest(): Observable<number> {
    return this.burst$;
  }

  /** Takes so many at once, then one for each step. */
  @MessagePattern('take')
  async take(@Payload() atOnce: number, @Ctx() { stream }: HeartwireContext): Promise<unknown[]> {
    for await (const item of stream) {
      this.taken.push(item);
      if (this.taken.length >= atOnce) await this.step.promise;
    }
    return this.taken;
  }
}

/** Lets everything happen that would happen by itself. */
async function quiet(value: () => number): Promise<number> {
  let last = -1;
  let still = 0;
  await until('nothing moves any more', () => {
    still = value() === last ? still + 1 : 0;
    last = value();
    return still >= 10;
  });
  return last;
}

function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('the credit of a stream', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: CreditController;

  beforeEach(async () => {
    const limits = { streamBufferItems: BUFFER };
    const { app, url } = await stage.serve({ controllers: [CreditController] }, { server: { limits } });
    controller = app.get(CreditController);
    client = stage.client(url, { limits, callTimeoutMs: 30_000 });
  });

  afterEach(async () => {
    controller.step.resolve();
    await stage.clear();
  });

  it("makes a handler's generator wait for a consumer that is slow", async () => {
    const { source } = controller;
    const iterator = client.send<number>('numbers', {})[Symbol.asyncIterator]();
    for (let taken = 1; taken <= 200; taken++) {
      expect(await iterator.next()).toEqual({ done: false, value: taken - 1 });
      expect(source.given).toBeLessThanOrEqual(taken + CREDIT);
    }
    await until('it is ahead', () => source.given >= 200 + CREDIT / 2);
    expect(await quiet(() => source.given)).toBeLessThanOrEqual(200 + CREDIT);
    await iterator.return?.();
    await until('the generator is ended', () => source.isEnded);
  });

  it("makes a caller's generator wait for a handler that is slow", async () => {
    const source = new ItemSource(MILLION);
    const call = client.send('take', 100, { stream: source.items() }).subscribe({ error: () => undefined });
    await until('the handler waits', () => controller.taken.length === 100);
    expect(await quiet(() => source.given)).toBeLessThanOrEqual(100 + CREDIT);
    for (let taken = 101; taken <= 200; taken++) {
      const { step } = controller;
      controller.step = deferred();
      step.resolve();
      await until('the handler takes one', () => controller.taken.length === taken);
      expect(source.given).toBeLessThanOrEqual(taken + CREDIT);
    }
    call.unsubscribe();
    await until('the generator is ended', () => source.isEnded);
  });

  it('is granted as items come to whoever subscribes', async () => {
    controller.source = new ItemSource(10_000);
    expect((await outcomeOf(client.send('numbers', {}))).values).toEqual(numbers(10_000));
  });

  it('keeps memory flat, whatever waits at its source', async () => {
    const iterator = client.send<number>('numbers', {})[Symbol.asyncIterator]();
    await iterator.next();
    const before = bytesInUse();
    const upload = new ItemSource(MILLION);
    const call = client.send('take', 1_000, { stream: upload.items() }).subscribe({ error: () => undefined });
    for (let taken = 1; taken < 1_000; taken++) await iterator.next();
    await until('the handler has enough', () => controller.taken.length === 1_000);
    expect(await quiet(() => upload.given + controller.source.given)).toBeLessThanOrEqual(
      2 * (1_000 + CREDIT),
    );
    expect(bytesInUse() - before).toBeLessThan(8 * MIB);
    call.unsubscribe();
    await iterator.return?.();
    await until('both are ended', () => upload.isEnded && controller.source.isEnded);
  });

  describe('of an Observable that comes too fast', () => {
    /** What the receiver may take of a burst, and what the sender may keep of it. */
    const KEPT = CREDIT + BUFFER;

    it.each(['fail', 'default', 'misspelt'])('fails an answer: %s', async (pattern) => {
      controller.burst$ = range(0, 1_000);
      expect(await errorOf(client.send(pattern, {}))).toMatchObject({ code: 'SLOW_CONSUMER' });
    });

    it('keeps the newest of an answer, or the oldest', async () => {
      controller.burst$ = range(0, 1_000);
      const newest = await outcomeOf(client.send('drop-oldest', {}));
      expect(newest).toMatchObject({ values: numbers(1_000).slice(-KEPT), end: 'complete' });
      const oldest = await outcomeOf(client.send('drop-newest', {}));
      expect(oldest).toMatchObject({ values: numbers(KEPT), end: 'complete' });
    });

    it('takes a burst that the buffer holds', async () => {
      controller.burst$ = range(0, KEPT);
      expect(await outcomeOf(client.send('fail', {}))).toMatchObject({
        values: numbers(KEPT),
        end: 'complete',
      });
    });

    it.each<[Overflow | undefined, unknown]>([
      [undefined, undefined],
      ['fail', undefined],
      ['drop-oldest', numbers(1_000).slice(-KEPT)],
      ['drop-newest', numbers(KEPT)],
    ])("does the same to a caller's stream: %s", async (overflow, kept) => {
      controller.step.resolve();
      const options = { stream: range(0, 1_000), ...(overflow && { overflow }) };
      const { values, error } = await outcomeOf(client.send('take', MILLION, options));
      if (kept === undefined) expect(error).toMatchObject({ code: 'SLOW_CONSUMER', sent: 'maybe' });
      else expect(values).toEqual([kept]);
    });

    it('fails an Observable that goes on while the handler takes nothing', async () => {
      const source = new ItemSource();
      const failure = await errorOf(client.send('take', 1, { stream: source.observable() }));
      expect(failure).toMatchObject({ code: 'SLOW_CONSUMER' });
      expect(source.isEnded).toBe(true);
    });
  });
});
