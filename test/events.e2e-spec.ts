import { type CallHandler, Controller, type NestInterceptor, UseInterceptors } from '@nestjs/common';
import { EventPattern, MessagePattern, RpcException } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient, HeartwireServerOptions } from 'heartwire';
import {
  EMPTY,
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  type Observable,
  of,
  ReplaySubject,
  tap,
} from 'rxjs';

import { type Deferred, deferred } from './support/deferred.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

/** As one that logs or measures. */
class LookingOn implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap(() => undefined));
  }
}

@Controller()
class EventsController {
  readonly done: unknown[] = [];
  readonly gates: Deferred[] = [deferred(), deferred()];
  peak = 0;
  private readonly done$ = new ReplaySubject<number>(1);
  private running = 0;

  /** Comes after the outcome of any event before it that is over already. */
  @MessagePattern('late echo')
  async echo(data: unknown): Promise<unknown> {
    await new Promise(setImmediate);
    return data;
  }

  @EventPattern('two handlers')
  async first(data: unknown): Promise<void> {
    await this.gates[0]?.promise;
    this.done.push(['first', data]);
  }

  @EventPattern('two handlers')
  second(data: unknown): Observable<void> {
    return from(
      (this.gates[1]?.promise ?? Promise.resolve()).then(() => {
        this.done.push(['second', data]);
      }),
    );
  }

  @EventPattern('two streams')
  async *generator(data: unknown): AsyncGenerator<string> {
    yield await Promise.resolve('one item');
    this.done.push(['generator', data]);
  }

  @EventPattern('two streams')
  webStream(data: unknown): ReadableStream {
    const pull = (controller: ReadableStreamDefaultController): void => {
      this.done.push(['web stream', data]);
      controller.close();
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }

  @EventPattern('one ends without a value')
  ends(_data: unknown): Observable<never> {
    return EMPTY;
  }

  @EventPattern('one ends without a value')
  lasts(data: unknown): Promise<void> {
    return this.first(data);
  }

  @EventPattern('one fails')
  fails(_data: unknown): void {
    throw new RpcException({ reason: 'out of tea' });
  }

  @EventPattern('one fails')
  succeeds(data: unknown): Observable<unknown> {
    this.done.push(data);
    return of('fine');
  }

  @EventPattern('all fail')
  async failsLate(_data: unknown): Promise<never> {
    await this.gates[0]?.promise;
    throw new RpcException({ reason: 'the last' });
  }

  @EventPattern('all fail')
  failsAtOnce(_data: unknown): void {
    throw new RpcException({ reason: 'the first' });
  }

  @EventPattern(['one generator', 'two generators'])
  async *steps(data: unknown): AsyncGenerator<string> {
    yield 'begun';
    await new Promise(setImmediate);
    this.done.push(data);
  }

  @EventPattern('two generators')
  async *otherSteps(data: unknown): AsyncGenerator<string> {
    yield* this.steps(data);
  }

  @EventPattern('a generator and an interceptor')
  @UseInterceptors(LookingOn)
  seenSteps(data: unknown): AsyncGenerator<string> {
    return this.steps(data);
  }

  @EventPattern('note')
  async note(data: unknown): Promise<void> {
    this.running += 1;
    this.peak = Math.max(this.peak, this.running);
    await new Promise(setImmediate);
    this.running -= 1;
    this.done.push(data);
    this.done$.next(this.done.length);
  }

  hasDone(count: number): Promise<number> {
    return firstValueFrom(this.done$.pipe(filter((done) => done >= count)));
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('events', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: EventsController;

  const serve = async (limits: HeartwireServerOptions['limits'] = {}): Promise<void> => {
    const { app, url } = await stage.serve({ controllers: [EventsController] }, { server: { limits } });
    controller = app.get(EventsController);
    client = stage.client(url);
  };

  afterEach(async () => {
    for (const gate of controller.gates) gate.resolve();
    await stage.clear();
  });

  describe('that are acknowledged', () => {
    it.each([
      ['both give something', 'two handlers', 2],
      ['one ends without a value', 'one ends without a value', 1],
    ])('complete once every handler has finished, not before: %s', async (_, pattern, gates) => {
      await serve();
      let isOver = false;
      const event$ = client.emit(pattern, 1, { acknowledge: true });
      event$.subscribe({ complete: () => (isOver = true) });
      for (const gate of controller.gates.slice(0, gates)) {
        await firstValueFrom(client.send('late echo', 'an answer that overtakes'));
        expect(isOver).toBe(false);
        gate.resolve();
      }
      expect(await outcomeOf(event$)).toEqual({ values: [undefined], end: 'complete', error: undefined });
      expect(controller.done.filter(Array.isArray)).toHaveLength(gates);
    });

    it('run what their handlers give, if that is a stream, of each of several', async () => {
      await serve();
      await outcomeOf(client.emit('two streams', 1, { acknowledge: true }));
      expect(controller.done).toHaveLength(2);
      expect(controller.done).toEqual(
        expect.arrayContaining([
          ['generator', 1],
          ['web stream', 1],
        ]),
      );
    });

    it.each([
      ['one generator', 1],
      ['two generators', 2],
      ['a generator and an interceptor', 1],
    ])('run what their handlers generate to its end: %s', async (pattern, runs) => {
      await serve();
      expect((await outcomeOf(client.emit(pattern, 'step', { acknowledge: true }))).end).toBe('complete');
      expect(controller.done).toEqual(Array.from({ length: runs }, () => 'step'));
    });

    it('fail with what a handler threw', async () => {
      await serve();
      expect(await errorOf(client.emit('one fails', 1, { acknowledge: true }))).toEqual({
        reason: 'out of tea',
      });
      expect(controller.done).toEqual([1]);
    });

    it('fail with what the first to fail threw, once all have finished', async () => {
      await serve();
      const failure = errorOf(client.emit('all fail', 1, { acknowledge: true }));
      // The answer to a later call shows that the handlers were started.
      await outcomeOf(client.emit('one fails', 1, { acknowledge: true }));
      controller.gates[0]?.resolve();
      expect(await failure).toEqual({ reason: 'the first' });
    });

    it('fail when the handlers take longer than their sender waits', async () => {
      await serve();
      await client.connect();
      // Long enough that it is sent in time.
      const error = await errorOf(client.emit('two handlers', 1, { acknowledge: true, timeoutMs: 1_000 }));
      expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe', retryable: true });
    });
  });

  describe('that nobody waits for', () => {
    it('complete once they are sent, whatever their handlers do', async () => {
      await serve();
      expect(await outcomeOf(client.emit('two handlers', 1))).toEqual({
        values: [undefined],
        end: 'complete',
        error: undefined,
      });
      expect(controller.done).toEqual([]);
      expect((await outcomeOf(client.emit('one fails', 2))).end).toBe('complete');
    });

    it('leave at once and once, however often they are subscribed to', async () => {
      await serve();
      client.emit('note', 'nobody subscribes');
      const event$ = client.emit('note', 'two subscribe');
      await Promise.all([outcomeOf(event$), outcomeOf(event$)]);
      await outcomeOf(client.emit('note', 'last', { acknowledge: true }));
      expect(controller.done).toEqual(['nobody subscribes', 'two subscribe', 'last']);
    });

    it('wait for their turn when more come than may run at once', async () => {
      await serve({ runningCallsPerConnection: 2 });
      await Promise.all(range(200).map((number) => lastValueFrom(client.emit('note', number))));
      await controller.hasDone(200);
      expect(controller.done).toEqual(range(200));
      expect(controller.peak).toBe(2);
    });

    it('never crowd out a call of the same client', async () => {
      await serve({ runningCallsPerConnection: 2 });
      for (const number of range(200)) client.emit('note', number);
      expect(await firstValueFrom(client.send('late echo', 'among many events'))).toBe('among many events');
      expect((await outcomeOf(client.emit('note', 'acknowledged', { acknowledge: true }))).end).toBe(
        'complete',
      );
    });
  });
});
