import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { HeartwireServerOptions } from 'heartwire';
import { FaultProxy } from 'heartwire/testing';
import { firstValueFrom } from 'rxjs';

import { outcomeOf } from './support/outcome.js';
import { messageFrame } from './support/raw-peer.js';
import { Stage } from './support/stage.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;
/** What an answer holds, in characters. */
const LARGE = 65_536;
/** So many of them are several times what may wait for one peer that doesn't read, and what the kernel holds. */
const MANY = 200;

const textOf = (n: number): string => String(n).padEnd(LARGE, 'x');
const numbers = Array.from({ length: MANY }, (_, n) => n);

/** Answers all at once: when so many have asked. */
@Controller()
class TogetherController {
  asked = 0;
  private answerAll: (() => void)[] = [];

  @MessagePattern('together')
  async together(n: number): Promise<string> {
    this.asked += 1;
    await new Promise<void>((resolve) => {
      this.answerAll.push(resolve);
      if (this.answerAll.length === MANY) for (const answer of this.answerAll.splice(0)) answer();
    });
    return textOf(n);
  }
}

describe('many large answers at the same moment', () => {
  const stage = new Stage();
  afterEach(() => stage.clear());

  const serve = (limits: HeartwireServerOptions['limits'], url?: string) =>
    stage.serve(
      { controllers: [TogetherController] },
      { server: { limits }, ...(url !== undefined && { url }) },
    );

  it.each([['tcp://127.0.0.1:0'], ['ws://127.0.0.1:0']])('all arrive, over %s', async (url) => {
    const { server } = await serve({ sendBufferBytes: MIB }, url);
    const client = stage.client(server.address);
    const answers = await Promise.all(numbers.map((n) => firstValueFrom(client.send('together', n))));
    expect(answers).toEqual(numbers.map(textOf));
    expect(stage.logger.texts('warn')).toEqual([]);
  });

  it('all arrive with the link that comes after the one that broke meanwhile', async () => {
    const { server } = await serve({ sendBufferBytes: MIB });
    const proxy = stage.track(await FaultProxy.to(server.address));
    const client = stage.client(proxy.url, { reconnect: { firstMaxMs: 0, baseMs: 1, growthMs: 1 } });
    let isCut = false;
    const answers = numbers.map(async (n) => {
      const answer = await firstValueFrom(client.send('together', n));
      if (!isCut) proxy.cut();
      isCut = true;
      return answer;
    });
    expect(await Promise.all(answers)).toEqual(numbers.map(textOf));
  });

  it('all arrive at a server that calls its client', async () => {
    const { server } = await serve({});
    const client = stage.client(server.address, { limits: { sendBufferBytes: MIB } });
    client.handle('text', (n) => textOf(n as number));
    await client.connect();
    await until('the hub knows it', () => server.hub.clients.length === 1);
    const [id = ''] = server.hub.clients;
    const answers = numbers.map((n) => firstValueFrom(server.hub.client(id).send('text', n)));
    expect(await Promise.all(answers)).toEqual(numbers.map(textOf));
  });

  it('end the connection when nothing may wait beyond its own bound', async () => {
    const { server } = await serve({ sendBufferBytes: MIB, sharedSendBufferBytes: 0 });
    const client = stage.client(server.address);
    const outcomes = await Promise.all(numbers.map((n) => outcomeOf(client.send('together', n))));
    expect(outcomes.filter(({ end }) => end === 'error').length).toBeGreaterThan(0);
    expect(stage.logger.texts('warn').join()).toContain('SLOW_CONSUMER');
  });
});

describe('a peer that reads nothing', () => {
  let target: Target;
  afterEach(() => target.close());

  it('is dropped though there is room for what it has asked for', async () => {
    const heartbeat = { intervalMs: 60_000, timeoutMs: 60_000 };
    target = await Target.open({ heartbeat, limits: { sendBufferBytes: MIB } });
    const peer = await target.stranger({ reads: false });
    peer.write(Buffer.concat(numbers.map((n) => messageFrame({ id: n + 1, pattern: 'large', data: {} }))));
    await until('it was answered', () => target.controller.counts.large === MANY);
    await target.isLeftAlone();
    expect(target.warnings).toEqual([expect.stringContaining('SLOW_CONSUMER')]);
  });
});
