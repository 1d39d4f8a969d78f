import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { type HeartwireClient, type HeartwireServer, IncomingStream } from 'heartwire';
import { firstValueFrom } from 'rxjs';

import { deferred, type Deferred } from './support/deferred.js';
import { RawPeer } from './support/raw-peer.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

const KIB = 1_024;

@Controller()
class SlowController {
  gate: Deferred = deferred();

  /** Takes one item, and the others when the gate opens. */
  @MessagePattern('count')
  async count(@IncomingStream() items: IncomingStream<string>): Promise<number> {
    let bytes = 0;
    for await (const item of items) {
      bytes += item.length;
      await this.gate.promise;
    }
    return bytes;
  }

  @MessagePattern('pulse')
  pulse(): string {
    return 'beat';
  }
}

describe('the bytes of streams that wait for their handlers', () => {
  const stage = new Stage();
  let server: HeartwireServer;
  let controller: SlowController;
  let client: HeartwireClient;
  let url: string;

  beforeEach(async () => {
    const limits = { maxFrameBytes: 256 * KIB, incomingStreamBytes: 2_048 * KIB };
    const served = await stage.serve({ controllers: [SlowController] }, { server: { limits } });
    ({ server, url } = served);
    controller = served.app.get(SlowController);
    client = stage.client(url);
  });

  afterEach(async () => {
    controller.gate.resolve();
    await stage.clear();
  });

  it('have a bound for each connection: the stream beyond it fails, and nothing else', async () => {
    const peer = stage.track(await RawPeer.connect(url));
    const item = 'x'.repeat(200 * KIB);
    for (const id of [1, 2]) peer.send({ id, pattern: 'count', data: {}, stream: true });
    // All within their credit of 64 items.
    for (let n = 0; n < 10; n++) peer.send({ id: 1, chunk: item });
    for (let n = 0; n < 3; n++) peer.send({ id: 2, chunk: item });
    expect(await peer.received({ id: 2, isDisposed: true })).toMatchObject({
      err: { code: 'SLOW_CONSUMER' },
    });
    peer.send({ id: 3, pattern: 'pulse', data: {} });
    expect(await peer.received({ id: 3 })).toMatchObject({ response: 'beat' });
    expect(await firstValueFrom(client.send('pulse', {}))).toBe('beat');
    controller.gate.resolve();
    peer.send({ id: 1, chunk: item }, { id: 1, end: true });
    expect(await peer.received({ id: 1, isDisposed: true })).toMatchObject({ response: 11 * item.length });
    expect(stage.logger.texts('warn')).toEqual([]);
  });

  it('are free for others once they were taken, or their call is over', async () => {
    const peer = stage.track(await RawPeer.connect(url));
    const item = 'x'.repeat(200 * KIB);
    for (let id = 1; id <= 10; id++) {
      peer.send({ id, pattern: 'count', data: {}, stream: true });
      for (let n = 0; n < 10; n++) peer.send({ id, chunk: item });
      peer.send({ type: 'cancel', id });
    }
    controller.gate.resolve();
    peer.send({ id: 11, pattern: 'count', data: {}, stream: true });
    for (let n = 0; n < 20; n++) {
      peer.send({ id: 11, chunk: item }, { id: `pulse ${n}`, pattern: 'pulse', data: {} });
      await peer.received({ id: `pulse ${n}` });
    }
    peer.send({ id: 11, end: true });
    expect(await peer.received({ id: 11, isDisposed: true })).toMatchObject({ response: 20 * item.length });
  });

  it('never come near it by a Heartwire client, which waits', async () => {
    let given = 0;
    async function* large(): AsyncGenerator<string> {
      for (; given < 100; given++) yield 'y'.repeat(128 * KIB);
    }
    const counted = firstValueFrom(client.send<number>('count', {}, { stream: large(), timeoutMs: 60_000 }));
    await until('the client waits', () => given >= 7);
    for (let n = 0; n < 5; n++) await firstValueFrom(client.send('pulse', {}));
    // What it may have on its way, what it keeps ahead of that, and no more of 64.
    expect(given).toBeLessThan(20);
    controller.gate.resolve();
    expect(await counted).toBe(100 * 128 * KIB);
    expect(server.connections).toHaveLength(1);
  });
});
