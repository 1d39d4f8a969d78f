import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';

import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, RpcException } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HEARTWIRE, type HeartwireClient, HeartwireContext, type HeartwireServer } from 'heartwire';
import {
  concat,
  finalize,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  type Observable,
  of,
  ReplaySubject,
  take,
  throwError,
  timeout,
  toArray,
} from 'rxjs';

import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

/** Far above what anything here takes. */
const SOON_MS = 30_000;

const trace = new AsyncLocalStorage<string>();

/** What happened, in order: `start`, `end`, and what handlers note themselves. */
const journal: string[] = [];

@Controller()
class WatchedController {
  @MessagePattern('value')
  value(): string {
    journal.push('handler');
    return trace.getStore() ?? 'no trace';
  }

  @MessagePattern('promise')
  promise(): Promise<string> {
    journal.push('handler');
    return Promise.resolve('later');
  }

  @MessagePattern('stream')
  stream(): Observable<number> {
    journal.push('handler');
    return of(1, 2, 3);
  }

  @MessagePattern('empty stream')
  empty(): Observable<number> {
    journal.push('handler');
    return of();
  }

  @MessagePattern('throws')
  throws(): never {
    journal.push('handler');
    throw new RpcException('no');
  }

  @MessagePattern('stream that fails')
  failing(): Observable<number> {
    journal.push('handler');
    return concat(
      of(1),
      throwError(() => new RpcException('no')),
    );
  }

  @MessagePattern('stream that is no JSON')
  unserializable(): Observable<unknown> {
    journal.push('handler');
    return concat(of(1, 2n), NEVER).pipe(finalize(() => journal.push('torn down')));
  }

  @MessagePattern('never ends')
  endless(): Observable<number> {
    journal.push('handler');
    return concat(of(1), NEVER).pipe(finalize(() => journal.push('torn down')));
  }

  @MessagePattern('never answers')
  silent(): Promise<never> {
    journal.push('handler');
    return new Promise(() => undefined);
  }

  @EventPattern('event')
  event(_data: unknown): void {
    journal.push('handler');
  }

  @EventPattern('event that fails')
  failingEvent(_data: unknown): void {
    journal.push('handler');
    throw new RpcException('no');
  }
}

describe('processing hooks that throw', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  type StartHook = Parameters<HeartwireServer['setOnProcessingStartHook']>[0];

  const serve = async (prepare: (server: HeartwireServer) => void): Promise<HeartwireClient> => {
    const { url } = await stage.serve(
      { controllers: [WatchedController] },
      { prepare: (_, server) => prepare(server) },
    );
    return stage.client(url);
  };

  it.each<[string, StartHook]>([
    [
      'throws',
      () => {
        throw new Error('no tracer');
      },
    ],
    ['is async and rejects', () => Promise.reject(new Error('no tracer'))],
  ])('fail the call, and are logged, when it is a start hook that %s', async (_, hook) => {
    const ends: unknown[] = [];
    const client = await serve((server) => {
      server.setOnProcessingStartHook(hook);
      server.setOnProcessingEndHook(() => ends.push('end'));
    });
    const expected = { status: 'error', message: 'Internal server error' };
    expect(await errorOf(client.send('value', {}))).toEqual(expected);
    expect(await errorOf(client.emit('event', {}, { acknowledge: true }))).toEqual(expected);
    expect(stage.logger.texts('error')).toEqual([
      expect.stringMatching(/^Error: no tracer\n/),
      expect.stringMatching(/^Error: no tracer\n/),
    ]);
    expect(ends).toEqual(['end', 'end']);
  });

  it('leave an answer as it is, and are logged, when it is the start hook after its handler', async () => {
    const client = await serve((server) => {
      server.setOnProcessingStartHook((async (_id, _context, done) => {
        await done();
        throw new Error('no tracer');
      }) as StartHook);
    });
    expect(await firstValueFrom(client.send('promise', {}))).toBe('later');
    await until('it is logged', () => stage.logger.texts('error').length === 1);
  });

  it('leave an answer as it is, and are logged, when it is the end hook', async () => {
    const client = await serve((server) => {
      server.setOnProcessingEndHook(() => {
        throw new Error('no tracer');
      });
    });
    expect(await firstValueFrom(client.send('promise', {}))).toBe('later');
    expect(await lastValueFrom(client.send('stream', {}))).toBe(3);
    await until('it is logged', () => stage.logger.texts('error').length === 2);
  });
});

describe("Nest's processing hooks, over Heartwire", () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let ends$: ReplaySubject<string>;
  let transportIds: Set<unknown>;

  beforeAll(async () => {
    const served = await stage.serve(
      { controllers: [WatchedController] },
      {
        // A session ends with its link here: what runs in it can't go on.
        server: { resumeWindowMs: 0 },
        prepare: (_, server) => {
          server.setOnProcessingStartHook((transportId, context, done) => {
            transportIds.add(transportId);
            const pattern = (context as HeartwireContext).getPattern();
            journal.push('start');
            void trace.run(`trace of ${pattern}`, done);
          });
          server.setOnProcessingEndHook((transportId, context) => {
            transportIds.add(transportId);
            journal.push('end');
            ends$.next((context as HeartwireContext).getPattern());
          });
        },
      },
    );
    client = stage.client(served.url);
  });

  beforeEach(() => {
    journal.length = 0;
    ends$ = new ReplaySubject();
    transportIds = new Set();
  });

  afterAll(() => stage.clear());

  /** The journal once `pattern` has ended, and once anything that comes too often would have come. */
  const journalAfterEnd = async (pattern: string): Promise<readonly string[]> => {
    expect(await firstValueFrom(ends$.pipe(timeout(SOON_MS)))).toBe(pattern);
    await outcomeOf(client.send('value', {}));
    expect(await firstValueFrom(ends$.pipe(take(2), toArray()))).toEqual([pattern, 'value']);
    expect(journal.slice(-3)).toEqual(['start', 'handler', 'end']);
    return journal.slice(0, -3);
  };

  it('run around the handler, which runs within the start hook', async () => {
    expect(await firstValueFrom(client.send('value', {}))).toBe('trace of value');
    expect(journal).toEqual(['start', 'handler', 'end']);
    expect([...transportIds]).toEqual([HEARTWIRE]);
  });

  it.each(['value', 'promise', 'stream', 'empty stream', 'throws', 'stream that fails'])(
    'run exactly once for a call that ends by itself: %s',
    async (pattern) => {
      await outcomeOf(client.send(pattern, {}));
      expect(await journalAfterEnd(pattern)).toEqual(['start', 'handler', 'end']);
    },
  );

  it('run exactly once for a stream whose second item is no JSON', async () => {
    expect(await errorOf(client.send('stream that is no JSON', {}))).toMatchObject({
      code: 'UNSERIALIZABLE',
    });
    expect(await journalAfterEnd('stream that is no JSON')).toEqual(['start', 'handler', 'torn down', 'end']);
  });

  it.each(['event', 'event that fails'])('run exactly once for an event: %s', async (pattern) => {
    await outcomeOf(client.emit(pattern, {}));
    expect(await journalAfterEnd(pattern)).toEqual(['start', 'handler', 'end']);
  });

  it.each(['event', 'event that fails'])(
    'run exactly once for an acknowledged event: %s',
    async (pattern) => {
      await outcomeOf(client.emit(pattern, {}, { acknowledge: true }));
      expect(await journalAfterEnd(pattern)).toEqual(['start', 'handler', 'end']);
    },
  );

  it('run exactly once for a stream that its caller leaves', async () => {
    expect(await firstValueFrom(client.send('never ends', {}))).toBe(1);
    expect(await journalAfterEnd('never ends')).toEqual(['start', 'handler', 'torn down', 'end']);
  });

  it('run exactly once for a call that its caller gives up', async () => {
    const giveUp = new AbortController();
    const outcome = outcomeOf(client.send('never answers', {}, { signal: giveUp.signal }));
    // The answer to a later call shows that the handler of the first one runs.
    await outcomeOf(client.send('value', {}));
    ends$ = new ReplaySubject();
    journal.length = 0;
    giveUp.abort();
    expect((await outcome).error).toMatchObject({ code: 'CANCELLED', sent: 'maybe', retryable: false });
    expect(await journalAfterEnd('never answers')).toEqual(['end']);
  });

  it('run exactly once for a call whose time is over', async () => {
    await client.connect();
    // Long enough that its handler has started.
    const error = await errorOf(client.send('never answers', {}, { timeoutMs: 1_500 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
    expect(await journalAfterEnd('never answers')).toEqual(['start', 'handler', 'end']);
  });

  it.each([
    ['ends, as when its process dies', (socket: Socket) => socket.destroy()],
    ['is reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('run exactly once for a call whose connection %s', async (_, breakUp) => {
    const outcome = outcomeOf(client.send('never ends', {}));
    await outcomeOf(client.send('value', {}));
    ends$ = new ReplaySubject();
    journal.length = 0;
    breakUp(client.unwrap<Socket>());
    const error = { code: 'CONNECTION_LOST', sent: 'maybe', retryable: true };
    expect(await outcome).toMatchObject({ values: [1], error });
    expect(await journalAfterEnd('never ends')).toEqual(['torn down', 'end']);
  });

  it('do not run for a call that no handler is for', async () => {
    await errorOf(client.send('unknown', {}));
    await outcomeOf(client.emit('unknown', {}));
    await outcomeOf(client.send('value', {}));
    expect(journal).toEqual(['start', 'handler', 'end']);
  });
});
