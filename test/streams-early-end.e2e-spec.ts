import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient, HeartwireContext } from 'heartwire';
import { take } from 'rxjs';

import { deferred } from './support/deferred.js';
import { ItemSource, SOURCE_KINDS, type SourceKind } from './support/item-source.js';
import { errorOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class EndsController {
  source = new ItemSource();
  readonly gate = deferred();
  /** What its handlers saw of the caller's stream. */
  readonly taken: unknown[] = [];
  failure: unknown;
  isAborted = false;

  @MessagePattern('download')
  download(@Payload() kind: SourceKind): unknown {
    return this.source.as(kind);
  }

  @MessagePattern('break')
  async break(@Ctx() { stream }: HeartwireContext): Promise<void> {
    for await (const item of stream) if (item === 3) break;
    await this.gate.promise;
  }

  @MessagePattern('unsubscribe')
  async unsubscribe(@Ctx() { stream }: HeartwireContext): Promise<void> {
    stream.pipe(take(3)).subscribe();
    await this.gate.promise;
  }

  @MessagePattern('answer early')
  answerEarly(): string {
    return 'enough';
  }

  @MessagePattern('fail early')
  failEarly(): never {
    throw new RpcException('too much');
  }

  @MessagePattern('take')
  async take(@Ctx() { stream, signal }: HeartwireContext): Promise<void> {
    signal.addEventListener('abort', () => (this.isAborted = true));
    try {
      for await (const item of stream) this.taken.push(item);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  @MessagePattern('ignore')
  async ignore(@Ctx() { signal }: HeartwireContext): Promise<void> {
    this.taken.push('nothing');
    this.isAborted = signal.aborted;
    signal.addEventListener('abort', () => (this.isAborted = true));
    await this.gate.promise;
  }
}

const DEADLINE_MS = 100;

/** How a caller can leave what runs. */
const LEAVINGS = ['unsubscribe', 'abort', 'close', 'destroy'] as const;
type Leaving = (typeof LEAVINGS)[number];

describe('a stream that ends early', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let controller: EndsController;

  beforeEach(async () => {
    const options = { drainTimeoutMs: 50, resumeWindowMs: 50 };
    const { app, url } = await stage.serve({ controllers: [EndsController] }, { server: options });
    controller = app.get(EndsController);
    client = stage.client(url, { drainTimeoutMs: 50 });
  });

  afterEach(async () => {
    controller.gate.resolve();
    await stage.clear();
  });

  /** Begins a call, and gives it up in some way once it runs. */
  async function leave(how: Leaving, pattern: string, data: unknown, stream?: unknown): Promise<void> {
    const abort = new AbortController();
    let items = 0;
    const options = {
      signal: abort.signal,
      ...(stream !== undefined && { stream: stream as AsyncIterable<unknown> }),
    };
    const call = client.send(pattern, data, options).subscribe({
      next: () => (items += 1),
      error: () => undefined,
    });
    await until('it runs', () => items > 10 || controller.taken.length > 0);
    if (how === 'unsubscribe') call.unsubscribe();
    if (how === 'abort') abort.abort();
    if (how === 'close') await client.close();
    if (how === 'destroy') client.unwrap<{ destroy(): void }>().destroy();
    if (how === 'destroy') await client.close();
  }

  describe.each(SOURCE_KINDS)("ends a handler's %s", (kind) => {
    it.each(LEAVINGS)('when its caller leaves: %s', async (how) => {
      await leave(how, 'download', kind);
      await until('the source is ended', () => controller.source.isEnded);
    });

    it('when its caller breaks out of the loop', async () => {
      for await (const item of client.send<number>('download', kind)) if (item === 20) break;
      await until('the source is ended', () => controller.source.isEnded);
    });

    it('when its server goes away', async () => {
      const second = await stage.serve({ controllers: [EndsController] }, { server: { drainTimeoutMs: 50 } });
      const { source } = second.app.get(EndsController);
      const failure = errorOf(stage.client(second.url).send('download', kind));
      await until('it runs', () => source.given > 10);
      await second.app.close();
      expect(source.isEnded).toBe(true);
      expect(await failure).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    });
  });

  describe.each(SOURCE_KINDS)("ends a caller's %s", (kind) => {
    it.each(LEAVINGS)('when the caller leaves: %s', async (how) => {
      const source = new ItemSource();
      await leave(how, 'take', {}, source.as(kind));
      await until('the source is ended', () => source.isEnded);
      await until('the handler has heard it', () => controller.failure !== undefined && controller.isAborted);
      expect(controller.failure).toMatchObject({ code: 'CANCELLED' });
    });

    it.each(['break', 'unsubscribe'])('when the handler has enough: %s', async (pattern) => {
      const source = new ItemSource();
      let isOver = false;
      const call = client.send(pattern, {}, { stream: source.as(kind) });
      const over = call.subscribe({ complete: () => (isOver = true), error: () => (isOver = true) });
      await until('the source is ended', () => source.isEnded);
      expect(isOver).toBe(false);
      controller.gate.resolve();
      await until('the call goes on to its end', () => isOver);
      over.unsubscribe();
    });

    it('when the handler takes nothing until the deadline', async () => {
      const source = new ItemSource();
      await client.connect();
      const failure = await errorOf(
        client.send('ignore', {}, { stream: source.as(kind), timeoutMs: DEADLINE_MS }),
      );
      expect(failure).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      await until('the source is ended', () => source.isEnded);
      // One that was held up may have had no time left to begin.
      await until('no handler waits on', () => controller.taken.length === 0 || controller.isAborted);
    });

    it('when the handler has answered, or failed', async () => {
      const answered = new ItemSource();
      const items: unknown[] = [];
      for await (const item of client.send('answer early', {}, { stream: answered.as(kind) }))
        items.push(item);
      expect(items).toEqual(['enough']);
      expect(answered.isEnded).toBe(true);
      const refused = new ItemSource();
      expect(await errorOf(client.send('fail early', {}, { stream: refused.as(kind) }))).toMatchObject({
        message: 'too much',
      });
      expect(refused.isEnded).toBe(true);
    });
  });

  it.each(['Readable', 'Web ReadableStream'] as const)(
    'ends a source whose call was never sent: %s',
    async (kind) => {
      const unsent = new ItemSource();
      const nowhere = stage.client('tcp://127.0.0.1:1');
      const failure = await errorOf(nowhere.send('take', {}, { stream: unsent.as(kind), timeoutMs: 20 }));
      expect(failure).toMatchObject({ sent: 'never' });
      await until('the source is ended', () => unsent.isEnded);

      const unsayable = new ItemSource();
      const refusal = await errorOf(client.send('take', { size: 1n }, { stream: unsayable.as(kind) }));
      expect(refusal).toMatchObject({ code: 'UNSERIALIZABLE' });
      await until('the source is ended', () => unsayable.isEnded);
    },
  );

  it('tells a handler that never read it why it is not wanted any more', async () => {
    const failure = errorOf(
      client.send('ignore', {}, { stream: new ItemSource(3, new Error('torn')).items() }),
    );
    expect(await failure).toMatchObject({ message: 'torn' });
    await until('the handler has heard it', () => controller.isAborted);
  });
});
