import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type HeartwireClient,
  type HeartwireContext,
  HeartwireError,
  type HeartwireServer,
  type HeartwireServerOptions,
} from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { CallsController } from './support/calls.controller.js';
import { deferred } from './support/deferred.js';
import { errorOf, outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';

/** Within this a call reaches its handler, and an item its caller, on a busy machine, too. */
const LONG_ENOUGH_MS = 2_000;

describe('the deadline of a call', () => {
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
    // To connect takes a while on a busy machine, and short deadlines count that.
    await client.connect();
  };

  beforeEach(async () => {
    await serve({ limits: { runningCallsPerConnection: 2 } });
  });

  afterEach(async () => {
    controller.gate.resolve();
    await stage.clear();
  });

  const noticed = (what: string): Promise<string> => controller.noticed(what);

  it('waits 5 s unless told otherwise, and its handler sees how long that still is', async () => {
    const usual = stage.client(url, { callTimeoutMs: undefined });
    await usual.connect();
    const timeLeft = await firstValueFrom(usual.send<number>('time left', 'it'));
    expect(timeLeft).toBeGreaterThan(4_000);
    expect(timeLeft).toBeLessThanOrEqual(5_000);
  });

  it.each([
    [20_000, undefined, 20_000],
    [20_000, 60_000, 60_000],
    [60_000, 20_000, 20_000],
  ])('waits callTimeoutMs (%d) or its own timeoutMs (%s)', async (callTimeoutMs, timeoutMs, most) => {
    const patient = stage.client(url, { callTimeoutMs });
    const timeLeft = await firstValueFrom(patient.send<number>('time left', 'it', { timeoutMs }));
    expect(timeLeft).toBeGreaterThan(most - 10_000);
    expect(timeLeft).toBeLessThanOrEqual(most);
  });

  it('has none with a timeoutMs of Infinity, which harms no connection', async () => {
    const other = firstValueFrom(client.send<number>('time left', 'it', { timeoutMs: 60_000 }));
    const endless = await outcomeOf(client.send('time left', 'it', { timeoutMs: Infinity }));
    expect(endless).toEqual({ values: [], end: 'complete', error: undefined });
    expect(await other).toBeGreaterThan(0);
    expect(server.connections).toHaveLength(1);
  });

  it.each([NaN, '500', {}, true])('is refused when it is %p', async (time) => {
    const timeoutMs = time as number;
    const refusal = { code: 'INVALID_OPTIONS', sent: 'never', message: expect.stringContaining('timeoutMs') };
    expect(await errorOf(client.send('time left', 'it', { timeoutMs }))).toMatchObject(refusal);
    expect(await errorOf(client.emit('seen', 'it', { timeoutMs }))).toMatchObject(refusal);
    const idle = client.send('time left', 'it', { idleTimeoutMs: timeoutMs });
    expect(await errorOf(idle)).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(controller.notices).toEqual([]);
  });

  it('sees its time run off', async () => {
    const looks = firstValueFrom(client.send<[number, number]>('time left, and again later', {}));
    await noticed('looked at the time');
    controller.gate.resolve();
    const [before, after] = await looks;
    expect(after).toBeLessThan(before);
    expect(after).toBeGreaterThan(0);
  });

  it('fails once its time is over, and so does its handler', async () => {
    const patient = stage.client(url, { callTimeoutMs: 60_000 });
    await patient.connect();
    const startedAt = performance.now();
    const error = await errorOf(patient.send('silent', 'it', { timeoutMs: LONG_ENOUGH_MS }));
    const tookMs = performance.now() - startedAt;
    expect(error).toBeInstanceOf(HeartwireError);
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true, sent: 'maybe' });
    expect(tookMs).toBeGreaterThanOrEqual(LONG_ENOUGH_MS - 1);
    expect(tookMs).toBeLessThan(40_000);
    await noticed('torn down');
    expect(controller.notices).toEqual([
      'started it',
      expect.stringMatching(/^(DEADLINE_EXCEEDED|CANCELLED)$/),
      'torn down',
    ]);
  });

  it('counts the time that it waited for its turn', async () => {
    const startedAt = performance.now();
    const [first, second] = [1, 2].map((n) =>
      errorOf(client.send('silent', `holder ${n}`, { timeoutMs: 200 })),
    );
    const timeLeft = firstValueFrom(client.send<number>('time left', 'it', { timeoutMs: 10_000 }));
    const madeLaterMs = performance.now() - startedAt;
    for (const holder of [first, second]) expect(await holder).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await timeLeft).toBeLessThanOrEqual(9_801 + madeLaterMs);
  });

  it('is not sent once its time is over while it waits', async () => {
    const holders = [1, 2].map((n) => client.send('silent', `holder ${n}`).subscribe());
    const error = await errorOf(client.send('time left', 'too late', { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true, sent: 'never' });
    for (const holder of holders) holder.unsubscribe();
    await firstValueFrom(client.send('time left', 'in time'));
    expect(controller.notices).toContain('started in time');
    expect(controller.notices).not.toContain('started too late');
  });

  it('is not started when its time is over before its handler runs', async () => {
    const held = deferred<() => void>();
    server.setOnProcessingStartHook((_, context, done) => {
      if ((context as HeartwireContext).getPattern() === 'silent') held.resolve(() => void done());
      else void done();
    });
    expect(await errorOf(client.send('silent', 'too late', { timeoutMs: 250 }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    // In the order of the connection, the answer to this call comes after the word that the other is given up.
    await firstValueFrom(client.send('time left', 'in time'));
    (await held.promise)();
    await firstValueFrom(client.send('time left', 'later'));
    expect(controller.notices).toEqual(['started in time', 'started later']);
  });

  it('has no deadline any more once the first item of a stream has come', async () => {
    const outcome = outcomeOf(client.send('feed', {}, { timeoutMs: LONG_ENOUGH_MS }));
    await noticed('started feed');
    controller.feed$.next(1);
    // Made later: once its time is over, that of the other would be, too.
    expect(await errorOf(client.send('silent', 'clock', { timeoutMs: LONG_ENOUGH_MS }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    controller.feed$.next(2);
    controller.feed$.complete();
    expect(await outcome).toEqual({ values: [1, 2], end: 'complete', error: undefined });
    expect(controller.notices).not.toContain('aborted');
  });
});
