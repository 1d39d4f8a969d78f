import { randomBytes } from 'node:crypto';

import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type HeartwireClient, HeartwireContext, type HeartwireServer } from 'heartwire';
import { FaultProxy } from 'heartwire/testing';
import { lastValueFrom } from 'rxjs';

import { ItemSource, numbers, SOURCE_KINDS, type SourceKind } from './support/item-source.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const AT_ONCE = { firstMaxMs: 5, baseMs: 5, growthMs: 1, maxMs: 1 };
const ITEMS = 600;
/** Far above what a call here takes, cuts included. */
const PATIENT = { callTimeoutMs: 30_000 };

@Controller()
class LineController {
  source = new ItemSource(ITEMS);
  readonly taken: unknown[] = [];
  failure: unknown;

  @MessagePattern('download')
  download(@Payload() kind: SourceKind): unknown {
    return this.source.as(kind);
  }

  @MessagePattern('upload')
  async upload(@Ctx() { stream }: HeartwireContext): Promise<number> {
    try {
      for await (const item of stream) this.taken.push(item);
    } catch (error) {
      this.failure = error;
      throw error;
    }
    return this.taken.length;
  }

  @MessagePattern('echo')
  async *echo(@Ctx() { stream }: HeartwireContext): AsyncGenerator {
    for await (const item of stream) yield item;
  }
}

describe('a stream over a line that breaks', () => {
  const stage = new Stage();
  let client: HeartwireClient;
  let server: HeartwireServer;
  let controller: LineController;
  let proxy: FaultProxy;
  let resumed: number;

  const open = async (options: { readonly resumeWindowMs?: number } = {}): Promise<void> => {
    const served = await stage.serve({ controllers: [LineController] }, { server: options });
    controller = served.app.get(LineController);
    server = served.server;
    resumed = 0;
    server.connections$.subscribe(({ type }) => {
      if (type === 'resumed') resumed += 1;
    });
    proxy = stage.track(await FaultProxy.to(served.url));
    client = stage.client(proxy.url, { ...PATIENT, reconnect: AT_ONCE });
    await client.connect();
  };

  afterEach(() => stage.clear());

  async function cut(): Promise<void> {
    const before = resumed;
    proxy.reset();
    await until('the session goes on', () => resumed > before);
  }

  /** Cuts each time that so many more items have come. */
  async function cutEach(items: number, come: () => number, times: number): Promise<void> {
    for (let time = 1; time <= times; time++) {
      await until('more items have come', () => come() >= time * items || come() >= ITEMS);
      await cut();
    }
  }

  it.each(SOURCE_KINDS)('comes to its handler without gap or repeat: %s', async (kind) => {
    await open();
    const source = new ItemSource(ITEMS);
    const answer = lastValueFrom(client.send('upload', {}, { stream: source.as(kind) }));
    await cutEach(100, () => controller.taken.length, 4);
    expect(await answer).toBe(ITEMS);
    expect(controller.taken).toEqual(numbers(ITEMS));
    expect(resumed).toBe(4);
  });

  it.each(SOURCE_KINDS)('comes to its caller without gap or repeat: %s', async (kind) => {
    await open();
    const taken: number[] = [];
    let isOver = false;
    client.send<number>('download', kind).subscribe({
      next: (item) => taken.push(item),
      complete: () => (isOver = true),
    });
    await cutEach(100, () => taken.length, 4);
    await until('it is over', () => isOver);
    expect(taken).toEqual(numbers(ITEMS));
  });

  it('goes both ways at once, to a consumer that is slow, without gap or repeat', async () => {
    await open();
    const taken: number[] = [];
    const source = new ItemSource(ITEMS);
    for await (const item of client.send<number>('echo', {}, { stream: source.items() })) {
      taken.push(item);
      expect(source.given).toBeLessThanOrEqual(taken.length + 2 * 64 + 2);
      if (taken.length % 150 === 0) await cut();
    }
    expect(taken).toEqual(numbers(ITEMS));
  });

  it('keeps bytes whole that were cut in pieces, and by the line', async () => {
    await open();
    const items = Array.from({ length: 40 }, () => randomBytes(300_000));
    async function* bytes(): AsyncGenerator<Buffer> {
      for (const item of items) yield await Promise.resolve(item);
    }
    let at = 0;
    for await (const item of client.send<Buffer>('echo', {}, { stream: bytes() })) {
      expect(items[at]?.equals(item)).toBe(true);
      at += 1;
      if (at % 10 === 0) await cut();
    }
    expect(at).toBe(items.length);
  });

  it.each(SOURCE_KINDS)('ends at both ends when the session is lost: %s', async (kind) => {
    await open({ resumeWindowMs: 100 });
    const source = new ItemSource();
    controller.source = new ItemSource();
    const upload = lastValueFrom(client.send('upload', {}, { stream: source.as(kind) }));
    const download = lastValueFrom(client.send('download', kind));
    // Both are rejected before they are waited for.
    upload.catch(() => undefined);
    download.catch(() => undefined);
    await until('both run', () => source.given > 10 && controller.source.given > 10);
    proxy.target = undefined;
    proxy.reset();
    await until(
      'the server has given up',
      () => controller.failure !== undefined && controller.source.isEnded,
    );
    proxy.target = server.address;
    await expect(upload).rejects.toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    await expect(download).rejects.toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    await until('the source is ended', () => source.isEnded);
  });
});
