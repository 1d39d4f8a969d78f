import { getEventListeners, getMaxListeners } from 'node:events';
import type { Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type HeartwireClient,
  type HeartwireError,
  type HeartwireServer,
  type HeartwireServerOptions,
} from 'heartwire';
import { filter, firstValueFrom } from 'rxjs';

import { CallsController } from './support/calls.controller.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

describe('giving up a call', () => {
  const stage = new Stage();
  let url: string;
  let server: HeartwireServer;
  let client: HeartwireClient;
  let controller: CallsController;

  const serve = async (options: Omit<HeartwireServerOptions, 'url' | 'urls'>): Promise<void> => {
    const served = await stage.serve({ controllers: [CallsController] }, { server: options });
    ({ url, server } = served);
    controller = served.app.get(CallsController);
    client = stage.client(url);
  };

  beforeEach(async () => {
    // A session ends with its link here, unless a test says otherwise.
    await serve({ resumeWindowMs: 0 });
  });

  afterEach(async () => {
    controller.gate.resolve();
    await stage.clear();
  });

  const noticed = (what: string): Promise<string> => controller.noticed(what);

  describe('that nobody waits for any more', () => {
    const GIVING_UP: [string, string, RegExp, (client: HeartwireClient) => Promise<unknown>][] = [
      [
        'unsubscribes',
        'nothing',
        /^CANCELLED$/,
        (from): Promise<unknown> => {
          const subscription = from.send('silent', 'it').subscribe();
          return noticed('started it').then(() => subscription.unsubscribe());
        },
      ],
      [
        'fires its signal',
        'CANCELLED',
        /^CANCELLED$/,
        (from): Promise<unknown> => {
          const controls = new AbortController();
          void noticed('started it').then(() => controls.abort(new Error('changed my mind')));
          return errorOf(from.send('silent', 'it', { signal: controls.signal }));
        },
      ],
      [
        'runs out of time',
        'DEADLINE_EXCEEDED',
        /^(CANCELLED|DEADLINE_EXCEEDED)$/,
        (from): Promise<unknown> => {
          // Its handler is to begin before that, on a busy machine, too.
          return from.connect().then(() => errorOf(from.send('silent', 'it', { timeoutMs: 2_000 })));
        },
      ],
      [
        'is cut off',
        'CONNECTION_LOST',
        /^CONNECTION_LOST$/,
        (from): Promise<unknown> => {
          void noticed('started it').then(() => from.unwrap<Socket>().resetAndDestroy());
          return errorOf(from.send('silent', 'it'));
        },
      ],
      [
        'dies',
        'CONNECTION_LOST',
        /^CONNECTION_LOST$/,
        (from): Promise<unknown> => {
          void noticed('started it').then(() => from.unwrap<Socket>().destroy());
          return errorOf(from.send('silent', 'it'));
        },
      ],
    ];

    it.each(GIVING_UP)('reaches its handler when the caller %s', async (_, code, reason, giveUp) => {
      const error = await giveUp(client);
      if (code !== 'nothing')
        expect(error).toMatchObject({ code, sent: 'maybe', retryable: code !== 'CANCELLED' });
      await noticed('torn down');
      expect(controller.notices).toEqual(['started it', expect.stringMatching(reason), 'torn down']);
      expect(server.connections.every(({ runningCalls }) => runningCalls === 0)).toBe(true);
    });

    it('lets a handler with a Promise give up by ctx.signal', async () => {
      const subscription = client.send('silent promise', 'it').subscribe();
      await noticed('started it');
      subscription.unsubscribe();
      await noticed('gave up');
      expect(await firstValueFrom(client.send('time left', 'another'))).toBeGreaterThan(0);
    });

    it('says what the signal said as the cause', async () => {
      const controls = new AbortController();
      const reason = new Error('changed my mind');
      void noticed('started it').then(() => controls.abort(reason));
      const error = await errorOf(client.send('silent', 'it', { signal: controls.signal }));
      expect((error as HeartwireError).cause).toBe(reason);
    });

    it('never leaves when its signal has fired already, or fires while it waits', async () => {
      const late = stage.client(url);
      const controls = new AbortController();
      const waiting = errorOf(late.send('time left', 'waiting', { signal: controls.signal }));
      controls.abort();
      const expected = { code: 'CANCELLED', sent: 'never', retryable: false };
      expect(await waiting).toMatchObject(expected);
      expect(await errorOf(late.send('time left', 'fired', { signal: AbortSignal.abort() }))).toMatchObject(
        expected,
      );
      late.send('time left', 'left at once').subscribe().unsubscribe();
      await firstValueFrom(late.send('time left', 'in earnest'));
      expect(controller.notices).toEqual(['started in earnest']);
    });

    it('may give many calls one signal: Node does not take their listeners for a leak', async () => {
      const { signal } = new AbortController();
      const answers = Array.from({ length: 20 }, () =>
        firstValueFrom(client.send('time left', 'many', { signal })),
      );
      expect(getEventListeners(signal, 'abort')).toHaveLength(20);
      // Since Node 22 a signal has no bound, which is 0 there.
      expect(getMaxListeners(signal) || Infinity).toBeGreaterThan(20);
      await Promise.all(answers);
    });

    it('is refused when its signal is none', async () => {
      const signal = new AbortController() as unknown as AbortSignal;
      expect(await errorOf(client.send('time left', 'it', { signal }))).toMatchObject({
        code: 'INVALID_OPTIONS',
        sent: 'never',
        message: 'signal must be an AbortSignal',
      });
    });

    it('leaves no listener on the signal behind', async () => {
      const { signal } = new AbortController();
      await firstValueFrom(client.send('time left', 'answered', { signal }));
      await errorOf(client.send('unknown', {}, { signal }));
      client.send('silent', 'left', { signal }).subscribe().unsubscribe();
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('is not started at all before someone subscribes, and once for each who does', async () => {
      const call$ = client.send('time left', 'it');
      await firstValueFrom(client.send('time left', 'another'));
      expect(controller.notices).toEqual(['started another']);
      await Promise.all([firstValueFrom(call$), firstValueFrom(call$)]);
      expect(controller.notices).toEqual(['started another', 'started it', 'started it']);
    });
  });

  describe('whose link breaks', () => {
    it('goes on in a resumed session, its stream too, as though nothing had happened', async () => {
      await serve({});
      const outcome = outcomeOf(client.send('feed', {}));
      const looks = firstValueFrom(client.send<number[]>('time left, and again later', {}));
      await Promise.all([noticed('started feed'), noticed('looked at the time')]);
      controller.feed$.next(1);
      client.unwrap<Socket>().resetAndDestroy();
      controller.feed$.next(2);
      controller.gate.resolve();
      expect(await looks).toHaveLength(2);
      controller.feed$.next(3);
      controller.feed$.complete();
      expect(await outcome).toEqual({ values: [1, 2, 3], end: 'complete', error: undefined });
      expect([...controller.notices].sort()).toEqual(['looked at the time', 'started feed', 'torn down']);
    });

    it('is made again when the session is lost, if it is idempotent', async () => {
      const outcome = outcomeOf(client.send('time left, and again later', {}, { idempotent: true }));
      await noticed('looked at the time');
      controller.gate.resolve();
      client.unwrap<Socket>().resetAndDestroy();
      expect(await outcome).toMatchObject({
        end: 'complete',
        values: [[expect.any(Number), expect.any(Number)]],
      });
      expect(controller.notices).toEqual(['looked at the time', 'looked at the time']);
    });

    it('ends when its caller does not come back in time', async () => {
      await serve({ resumeWindowMs: 100 });
      const error = errorOf(client.send('silent', 'it'));
      await noticed('started it');
      client.unwrap<Socket>().destroy();
      await firstValueFrom(client.status.pipe(filter((status) => status === 'reconnecting')));
      await client.close();
      expect(await error).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe', retryable: true });
      await noticed('torn down');
      expect(controller.notices).toEqual(['started it', 'CONNECTION_LOST', 'torn down']);
      expect(server.connections).toEqual([]);
    });
  });
});
