import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HeartwireClient, HeartwireContext } from 'heartwire';
import { lastValueFrom, NEVER, type Observable, Subject } from 'rxjs';

import { deferred } from './support/deferred.js';
import { ItemSource } from './support/item-source.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** Long enough for what runs, short enough to wait for. */
const SHORT_MS = 150;
/** For what must not be over before something else has happened. */
const LONGER_MS = 2_000;

@Controller()
class TimesController {
  readonly gate = deferred();
  readonly feed$ = new Subject<number>();
  isFollowed = 0;
  readonly taken: unknown[] = [];
  isAborted = false;

  @MessagePattern('follow')
  follow(): Observable<number> {
    this.isFollowed += 1;
    return this.feed$;
  }

  @MessagePattern('collect')
  async collect(@Ctx() { stream, signal, timeLeftMs }: HeartwireContext): Promise<unknown> {
    this.watch(signal);
    for await (const item of stream) this.taken.push(item);
    return { taken: this.taken.length, timeLeftMs: timeLeftMs ?? null };
  }

  @MessagePattern('take')
  async take(@Payload() count: number, @Ctx() { stream, signal }: HeartwireContext): Promise<void> {
    this.watch(signal);
    if (count > 0) for await (const item of stream) if (this.taken.push(item) >= count) break;
    await this.gate.promise;
  }

  @MessagePattern('hold')
  async hold(@Ctx() { signal }: HeartwireContext): Promise<void> {
    this.watch(signal);
    await this.gate.promise;
  }

  /** The time of a call may be over before its handler begins. */
  private watch(signal: AbortSignal): void {
    this.isAborted = signal.aborted;
    signal.addEventListener('abort', () => (this.isAborted = true));
  }
}

describe('the time of a stream', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: TimesController;

  beforeEach(async () => {
    const limits = { incomingStreams: 2 };
    const { app, url } = await stage.serve({ controllers: [TimesController] }, { server: { limits } });
    controller = app.get(TimesController);
    client = stage.client(url);
    await client.connect();
  });

  afterEach(async () => {
    controller.gate.resolve();
    controller.feed$.complete();
    await stage.clear();
  });

  /** So much time is over: a call that was made now has met its deadline. */
  const isOver = async (timeoutMs: number): Promise<void> => {
    expect(await errorOf(client.send('follow', {}, { timeoutMs }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
  };

  describe('of an answer', () => {
    it('is bounded up to its first item by the deadline of the call', async () => {
      const failure = await errorOf(client.send('follow', {}, { timeoutMs: SHORT_MS }));
      expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
      await until('the handler is unsubscribed from', () => !controller.feed$.observed);
    });

    it('is not bounded after it, unless asked for', async () => {
      const outcome = outcomeOf(client.send('follow', {}, { timeoutMs: LONGER_MS }));
      await until('it is followed', () => controller.feed$.observed);
      controller.feed$.next(1);
      await isOver(LONGER_MS);
      controller.feed$.next(2);
      controller.feed$.complete();
      expect(await outcome).toMatchObject({ values: [1, 2], end: 'complete' });
    });

    it.each(['of the call', 'of the client'])(
      'is bounded between items by idleTimeoutMs %s',
      async (whose) => {
        const idle = { idleTimeoutMs: SHORT_MS };
        const own = stage.client(client.endpoints[0]?.endpoint ?? '', whose === 'of the client' ? idle : {});
        const outcome = outcomeOf(own.send('follow', {}, whose === 'of the call' ? idle : {}));
        await until('it is followed', () => controller.feed$.observed);
        controller.feed$.next(1);
        const { values, error } = await outcome;
        expect(values).toEqual([1]);
        expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
        await until('the handler is unsubscribed from', () => !controller.feed$.observed);
      },
    );

    it("doesn't pass while its consumer has items to take", async () => {
      const items = client.send<number>('follow', {}, { idleTimeoutMs: SHORT_MS });
      const iterator = items[Symbol.asyncIterator]();
      const first = iterator.next();
      await until('it is followed', () => controller.feed$.observed);
      controller.feed$.next(1);
      controller.feed$.next(2);
      expect(await first).toEqual({ done: false, value: 1 });
      await isOver(3 * SHORT_MS);
      expect(await iterator.next()).toEqual({ done: false, value: 2 });
      await expect(iterator.next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    });
  });

  describe("of a caller's stream", () => {
    it('is not bounded while its source takes its time', async () => {
      const source$ = new Subject<number>();
      const answer = lastValueFrom(client.send('collect', {}, { stream: source$, timeoutMs: LONGER_MS }));
      await until('it is read', () => source$.observed);
      for (let item = 0; item < 2; item++) {
        await isOver(LONGER_MS);
        source$.next(item);
      }
      source$.complete();
      expect(await answer).toEqual({ taken: 2, timeLeftMs: null });
    });

    it('is bounded while the handler takes nothing', async () => {
      const source = new ItemSource();
      const failure = await errorOf(client.send('take', 0, { stream: source.items(), timeoutMs: SHORT_MS }));
      expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
      await until('both ends know', () => source.isEnded && controller.isAborted);
    });

    it('is bounded so for an Observable that goes on all the while', async () => {
      const source = new ItemSource();
      const options = { stream: source.observable(), overflow: 'drop-oldest' as const, timeoutMs: SHORT_MS };
      expect(await errorOf(client.send('take', 0, options))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(source.isEnded).toBe(true);
    });

    it('is bounded once it has ended, and the handler does not answer', async () => {
      const failure = await errorOf(
        client.send('hold', {}, { stream: new ItemSource(3).items(), timeoutMs: SHORT_MS }),
      );
      expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
      await until('the handler knows', () => controller.isAborted);
    });

    it('is bounded once the handler has left it, and does not answer', async () => {
      const failure = await errorOf(
        client.send('take', 2, { stream: new ItemSource().observable(), timeoutMs: SHORT_MS }),
      );
      expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
    });
  });

  it("is nobody else's: streams beyond the bound of a connection are refused, calls are not", async () => {
    const source = new ItemSource();
    const held = [1, 2].map(() => client.send('hold', {}, { stream: NEVER }).subscribe());
    const refusal = await errorOf(client.send('collect', {}, { stream: source.readable() }));
    expect(refusal).toMatchObject({ code: 'OVERLOADED', retryable: true, sent: 'never' });
    expect(source.isEnded).toBe(true);
    expect(await lastValueFrom(client.send('collect', {}))).toMatchObject({ taken: 0 });
    held[0]?.unsubscribe();
    expect(
      await lastValueFrom(client.send('collect', {}, { stream: new ItemSource(3).items() })),
    ).toMatchObject({
      taken: 3,
    });
    held[1]?.unsubscribe();
  });
});
