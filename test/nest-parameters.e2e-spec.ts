import { Controller, Inject, Injectable, Scope, UsePipes, ValidationPipe } from '@nestjs/common';
import { CONTEXT, Ctx, MessagePattern, Payload, type RequestContext } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type HeartwireClient, HeartwireContext, IncomingStream } from 'heartwire';
import { firstValueFrom, of } from 'rxjs';

import { Stage } from './support/stage.js';

const CALL_TIMEOUT_MS = 30_000;

@Injectable()
class Counter {
  instances = 0;
}

@Controller({ scope: Scope.REQUEST })
class ScopedController {
  private calls = 0;

  constructor(
    @Inject(CONTEXT) private readonly request: RequestContext<unknown, HeartwireContext>,
    counter: Counter,
  ) {
    counter.instances += 1;
  }

  @MessagePattern('scoped')
  handle(@Payload() data: unknown): object {
    this.calls += 1;
    const { pattern, data: injected, context } = this.request;
    return { calls: this.calls, pattern, isSame: injected === data, metadata: context?.metadata };
  }
}

@Controller()
class ParametersController {
  @MessagePattern('undecorated')
  undecorated(data: unknown): unknown {
    return data;
  }

  @MessagePattern('part')
  part(@Payload('name') name: unknown, @Payload('missing') missing: unknown): unknown {
    return { name, missing: missing ?? 'none' };
  }

  @MessagePattern('validated stream')
  @UsePipes(new ValidationPipe({ validateCustomDecorators: true, transform: true }))
  async validated(@IncomingStream() numbers: IncomingStream<number>): Promise<number> {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum;
  }

  @MessagePattern('context')
  context(@Payload() data: unknown, @Ctx() context: HeartwireContext): unknown {
    return {
      data,
      pattern: context.getPattern(),
      metadata: context.metadata,
      args: context.getArgs().length,
      caller: context.connection.name,
      isAborted: context.signal.aborted,
      hasTime:
        context.timeLeftMs !== undefined && context.timeLeftMs > 0 && context.timeLeftMs <= CALL_TIMEOUT_MS,
    };
  }
}

describe('what a handler served over Heartwire is given', () => {
  const stage = new Stage();
  const counter = new Counter();
  let client: HeartwireClient;

  beforeAll(async () => {
    const { url } = await stage.serve({
      controllers: [ScopedController, ParametersController],
      providers: [{ provide: Counter, useValue: counter }],
    });
    client = stage.client(url, { name: 'tester', callTimeoutMs: CALL_TIMEOUT_MS });
  });

  afterAll(() => stage.clear());

  const call = (pattern: string, data: unknown, metadata: Record<string, string> = {}): Promise<unknown> =>
    firstValueFrom(client.send(pattern, data, { metadata }));

  describe('a request-scoped controller', () => {
    it('is made for each call, with the call injected', async () => {
      const calls = [
        call('scoped', { some: 'data' }, { trace: 'abc' }),
        call('scoped', { some: 'data' }, { trace: 'abc' }),
      ];
      const expected = { calls: 1, pattern: 'scoped', isSame: true, metadata: { trace: 'abc' } };
      expect(await Promise.all(calls)).toEqual([expected, expected]);
      expect(counter.instances).toBe(2);
    });
  });

  describe('parameters', () => {
    it('are the data where nothing is decorated, as with Nest', async () => {
      expect(await call('undecorated', 0)).toBe(0);
    });

    it("are one member of the data for @Payload('name')", async () => {
      expect(await call('part', { name: 'Ada' })).toEqual({ name: 'Ada', missing: 'none' });
    });

    it('are the stream for @IncomingStream(), whatever is validated', async () => {
      expect(await firstValueFrom(client.send('validated stream', {}, { stream: of(1, 2, 3) }))).toBe(6);
    });

    it('are the context of the call for @Ctx()', async () => {
      const metadata = { trace: 'abc', tenant: '' };
      expect(await call('context', { deep: [1] }, metadata)).toEqual({
        data: { deep: [1] },
        pattern: 'context',
        metadata,
        args: 3,
        caller: 'tester',
        isAborted: false,
        hasTime: true,
      });
    });
  });
});
