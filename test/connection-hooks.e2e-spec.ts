import { Controller, Injectable } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  HeartwireModule,
  HeartwireServer,
  type HeartwireServerOptions,
  OnConnect,
  OnDisconnect,
  type ServerConnection,
} from 'heartwire';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { filter } from 'rxjs';

import { RawPeer } from './support/raw-peer.js';
import { moduleOf, Stage } from './support/stage.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;
const HELLO = { type: 'hello', protocol: 1, token: 'a' };
const WORDS = [
  { id: 1, pattern: 'run', data: 'a call' },
  { pattern: 'told', data: 'an event' },
  { id: 2, event: true, pattern: 'told', data: 'an acknowledged event' },
];

@Injectable()
class Quiet {
  readonly seen: string[] = [];

  @OnConnect()
  welcome(_connection: ServerConnection): void {
    this.seen.push('came');
  }

  @OnDisconnect()
  miss(): void {
    this.seen.push('went');
  }
}

/** Pushes more to whoever comes than may wait for it. */
@Injectable()
class Eager extends Quiet {
  @OnConnect()
  override welcome(connection: ServerConnection): void {
    super.welcome(connection);
    for (let n = 0; n < 8; n += 1) connection.emit('news', 'x'.repeat(MIB / 2));
  }
}

@Controller()
class DeskController {
  readonly runs: string[] = [];

  @MessagePattern('run')
  run(@Payload() what: string): string {
    this.runs.push(what);
    return what;
  }

  @EventPattern('told')
  told(@Payload() what: string): void {
    this.runs.push(what);
  }
}

describe('a client that loses its session to who greets it', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  it.each<[string, Pick<HeartwireServerOptions, 'authenticate'>, readonly unknown[]]>([
    ['says hello', {}, [HELLO, ...WORDS]],
    ['says who it is', { authenticate: () => Promise.resolve('ada') }, [HELLO, ...WORDS]],
    ['calls without a hello', {}, WORDS],
    ['tells something without a hello', {}, WORDS.slice(1)],
  ])(
    'and %s: all hear that it came before they hear that it went, and no handler runs',
    async (_, more, words) => {
      const limits = { maxFrameBytes: MIB, sendBufferBytes: 2 * MIB, sharedSendBufferBytes: 0 };
      const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0', limits, ...more });
      const events: string[] = [];
      server.hub.presence$.subscribe(({ type }) => events.push(type));
      const module = moduleOf({ controllers: [DeskController], providers: [Eager, Quiet] });
      const root = { module, imports: [HeartwireModule.forServer(server)] };
      const app = stage.track(
        await NestFactory.createMicroservice<MicroserviceOptions>(root, {
          strategy: server,
          logger: stage.logger,
        }),
      );
      server.connections$
        .pipe(filter(({ type }) => type !== 'liveness'))
        .subscribe(({ type }) => events.push(type));
      await app.listen();
      const peer = stage.track(await RawPeer.connect(server.address));
      peer.send(...words);
      await until('it is gone', () => app.get(Eager).seen.includes('went'));
      await until('all was told', () => events.includes('closed'));
      expect(app.get(Eager).seen).toEqual(['came', 'went']);
      expect(app.get(Quiet).seen).toEqual(['came', 'went']);
      expect(events).toEqual(['opened', 'connected', 'introduced', 'disconnected', 'closed']);
      expect(server.connections).toEqual([]);
      expect(app.get(DeskController).runs).toEqual([]);
    },
  );
});

describe('the hooks of an application', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  it.each(['reference', 'deep-hash'] as const)(
    'are called once, however many modules import those of its server (%s)',
    async (moduleIdGeneratorAlgorithm) => {
      const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
      const feature = moduleOf({ imports: [HeartwireModule.forServer(server)] });
      const imports = [feature, HeartwireModule.forServer(server)];
      const app = stage.track(
        await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf({ imports, providers: [Quiet] }), {
          strategy: server,
          logger: stage.logger,
          moduleIdGeneratorAlgorithm,
        }),
      );
      await app.listen();
      const { seen } = app.get(Quiet);
      const client = stage.client(server.address);
      await client.connect();
      await client.close();
      await until('it is known to have left', () => seen.includes('went'));
      expect(seen).toEqual(['came', 'went']);
    },
  );
});
