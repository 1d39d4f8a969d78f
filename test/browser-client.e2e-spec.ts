import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { HeartwireContext, type HeartwireServer } from 'heartwire';
import * as source from 'heartwire/browser';
import { FaultProxy } from 'heartwire/testing';
import { firstValueFrom, from, interval, map, type Observable, take, toArray } from 'rxjs';
import { WebSocket } from 'ws';

import { BrowserBundle } from './support/browser-bundle.js';
import { deferred } from './support/deferred.js';
import { outcomeOf } from './support/outcome.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class PageController {
  readonly counted: number[] = [];
  readonly noted: unknown[] = [];
  cancelled = 0;
  gate = deferred();

  @MessagePattern('count')
  count(@Payload() n: number): number {
    this.counted.push(n);
    return n;
  }

  @MessagePattern('wait')
  async wait(@Payload() n: number): Promise<number> {
    this.counted.push(n);
    await this.gate.promise;
    return n;
  }

  @MessagePattern('silent')
  silent(@Ctx() { signal }: HeartwireContext): Promise<never> {
    signal.addEventListener('abort', () => (this.cancelled += 1));
    return new Promise(() => undefined);
  }

  @MessagePattern('ticks')
  ticks(@Payload() count: number): Observable<number> {
    return interval(1).pipe(take(count));
  }

  @MessagePattern('bytes')
  bytes(@Payload() size: number): Uint8Array {
    return new Uint8Array(size).fill(7);
  }

  @MessagePattern('text')
  text(@Payload() size: number): string {
    return 'x'.repeat(size);
  }

  @MessagePattern('sizes')
  sizes(@Ctx() { stream }: HeartwireContext): Observable<unknown> {
    return stream.pipe(map((item) => (item instanceof Uint8Array ? item.byteLength : item)));
  }

  @MessagePattern('fail')
  fail(): never {
    throw new RpcException({ reason: 'no tea' });
  }

  @EventPattern('note')
  note(@Payload() what: unknown): void {
    this.noted.push(what);
  }

  @MessagePattern('join')
  join(@Payload() room: string, @Ctx() { connection }: HeartwireContext): boolean {
    return connection.join(room);
  }
}

let bundle: BrowserBundle;

beforeAll(async () => {
  bundle = await BrowserBundle.build();
});

afterAll(() => bundle.remove());

describe.each(['as its sources', 'as it is published'])('a client of heartwire/browser, %s,', (how) => {
  const stage = new Stage();
  let browser: typeof source;
  let controller: PageController;
  let server: HeartwireServer;
  let proxy: FaultProxy;

  beforeAll(async () => {
    browser = how === 'as its sources' ? source : await bundle.load();
  });

  beforeEach(async () => {
    const url = 'ws://127.0.0.1:0/heartwire';
    const served = await stage.serve({ controllers: [PageController] }, { url });
    ({ server } = served);
    controller = served.app.get(PageController);
    proxy = stage.track(await FaultProxy.to(`tcp://${new URL(served.url).host}`));
  });

  afterEach(() => stage.clear());

  const connect = (options: Partial<source.ConnectOptions> = {}): source.BrowserClient =>
    stage.track(
      browser.connect({ url: proxy.url.replace('tcp', 'ws') + '/heartwire', WebSocket, ...options }),
    );

  it('gets a message that is longer on its way than the heartbeat’s timeout', async () => {
    proxy.slow({ bytesPerSecond: 500_000 });
    const client = connect({ heartbeat: { intervalMs: 200, timeoutMs: 400 } });
    const statuses: string[] = [];
    client.status$.subscribe((status) => statuses.push(status));
    const text = await firstValueFrom(client.send<string>('text', 600_000, { timeoutMs: Infinity }));
    expect(text).toHaveLength(600_000);
    expect(statuses).toContain('reconnecting');
  });

  it('calls, and hears what the handler threw', async () => {
    const client = connect();
    expect(client.status).toBe('connecting');
    expect(await outcomeOf(client.send('count', 1))).toEqual(await outcomeOf(from([1])));
    expect(client.status).toBe('connected');
    await expect(firstValueFrom(client.send('fail', {}))).rejects.toEqual({ reason: 'no tea' });
    await expect(firstValueFrom(client.send('nothing', {}))).rejects.toBeInstanceOf(browser.HeartwireError);
    await expect(firstValueFrom(client.send('nothing', {}))).rejects.toMatchObject({
      name: 'HeartwireError',
      code: browser.ErrorCode.NO_HANDLER,
      sent: 'answered',
    });
  });

  it('takes streams, all at once or one item after the other', async () => {
    const client = connect();
    const all = await firstValueFrom(client.send<number>('ticks', 200).pipe(toArray()));
    expect(all).toHaveLength(200);
    const some: number[] = [];
    for await (const tick of client.send<number>('ticks', 300)) some.push(tick);
    expect(some).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('sends streams, and bytes both ways', async () => {
    const client = connect();
    const items = [new Uint8Array(3), { row: 1 }, new Uint8Array(300_000)];
    const sizes = client.send('sizes', {}, { stream: from(items) }).pipe(toArray());
    expect(await firstValueFrom(sizes)).toEqual([3, { row: 1 }, 300_000]);
    const bytes = await firstValueFrom(client.send<Uint8Array>('bytes', 100_000));
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect([bytes.length, bytes[99_999]]).toEqual([100_000, 7]);
    expect(
      await firstValueFrom(client.send('sizes', {}, { stream: manyItems() }).pipe(toArray())),
    ).toHaveLength(500);
  });

  it('tells events, and hears when they were handled', async () => {
    const client = connect();
    await firstValueFrom(client.emit('note', 'first', { acknowledge: true }));
    expect(controller.noted).toEqual(['first']);
  });

  it('gets what is pushed to its room', async () => {
    const client = connect();
    const said: unknown[] = [];
    client.on$('said').subscribe((line) => said.push(line));
    await firstValueFrom(client.send('join', 'tea'));
    server.hub.to({ room: 'tea' }).emit('said', { text: 'hello' });
    await until('the push is here', () => said.length === 1);
    expect(said).toEqual([{ text: 'hello' }]);
  });

  it('cancels at the handler, by unsubscribing and by a signal', async () => {
    const client = connect();
    const controllers = new AbortController();
    const subscription = client.send('silent', {}).subscribe();
    const aborted = firstValueFrom(client.send('silent', {}, { signal: controllers.signal }));
    await until('both run', () => server.connections[0]?.runningCalls === 2);
    subscription.unsubscribe();
    controllers.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'CANCELLED' });
    await until('both are cancelled', () => controller.cancelled === 2);
  });

  it('fails a call whose time is over', async () => {
    const client = connect();
    const late = firstValueFrom(client.send('silent', {}, { timeoutMs: 50 }));
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('fails a call whose metadata are no texts, and no other call with it', async () => {
    const client = connect();
    const other = firstValueFrom(client.send('wait', 1));
    await until('it runs', () => controller.counted.length === 1);
    const metadata = { attempt: 1 } as unknown as Record<string, string>;
    const refused = { code: 'UNSERIALIZABLE', message: 'metadata.attempt must be a string', sent: 'never' };
    await expect(firstValueFrom(client.send('count', 2, { metadata }))).rejects.toMatchObject(refused);
    await expect(firstValueFrom(client.emit('note', 2, { metadata }))).rejects.toMatchObject(refused);
    controller.gate.resolve();
    expect(await other).toBe(1);
    expect(controller.counted).toEqual([1]);
  });

  it('loses nothing and doubles nothing when its connection is cut again and again', async () => {
    const client = connect({ callTimeoutMs: 20_000 });
    const pushed: unknown[] = [];
    client.on$('said').subscribe((n) => pushed.push(n));
    await firstValueFrom(client.send('join', 'tea'));
    const answers: Promise<number>[] = [];
    let cuts = 0;
    for (let n = 0; n < 100; n += 1) {
      answers.push(firstValueFrom(client.send<number>('count', n)));
      server.hub.to({ room: 'tea' }).emit('said', n);
      if (n % 25 === 10) {
        const isBack = (): boolean => proxy.accepted > cuts && client.status === 'connected';
        await until('it is connected once more', isBack);
        proxy.cut();
        cuts += 1;
      }
    }
    const all = Array.from({ length: 100 }, (_, n) => n);
    expect(await Promise.all(answers)).toEqual(all);
    expect(controller.counted.sort((one, other) => one - other)).toEqual(all);
    await until('every push is here', () => pushed.length >= 100);
    expect(pushed).toEqual(all);
  });

  it('goes on with a call that runs when the connection is cut', async () => {
    const client = connect({ callTimeoutMs: 20_000 });
    const answer = firstValueFrom(client.send('wait', 1));
    await until('it runs', () => controller.counted.length === 1);
    const { target } = proxy;
    proxy.target = undefined;
    proxy.cut();
    await until('it is away', () => client.status === 'reconnecting');
    proxy.target = target;
    controller.gate.resolve();
    expect(await answer).toBe(1);
    expect(controller.counted).toEqual([1]);
  });

  it('sends what was said while the server was not to be reached, once it is', async () => {
    const client = connect({ callTimeoutMs: 20_000 });
    await firstValueFrom(client.send('count', 0));
    const { target } = proxy;
    proxy.target = undefined;
    proxy.cut();
    await until('it is away', () => client.status === 'reconnecting');
    const answers = [1, 2, 3].map((n) => firstValueFrom(client.send('count', n)));
    client.emit('note', 'while away');
    proxy.target = target;
    expect(await Promise.all(answers)).toEqual([1, 2, 3]);
    await until('the event is here', () => controller.noted.length === 1);
    expect(controller.counted).toEqual([0, 1, 2, 3]);
  });

  it('tells how the connection is', async () => {
    const client = connect();
    const liveness = await firstValueFrom(client.liveness$);
    expect(liveness).toMatchObject({ state: 'alive', missed: expect.any(Number), intervalMs: 5_000 });
    const statuses: string[] = [];
    client.status$.subscribe((status) => statuses.push(status));
    await until('it is connected', () => client.status === 'connected');
    await client.close();
    expect(statuses.at(-1)).toBe('closed');
    expect(statuses).toContain('connected');
  });

  it('says what is wrong with its options', () => {
    expect(() => browser.connect({ url: 'heartwire', WebSocket })).toThrow(/url/);
    expect(() => browser.connect({ url: 'tcp://127.0.0.1:1', WebSocket })).toThrow(/ws:\/\//);
  });
});

async function* manyItems(): AsyncGenerator<number> {
  for (let n = 0; n < 500; n += 1) yield await Promise.resolve(n);
}
