import { once } from 'node:events';
import { Socket } from 'node:net';

import { Controller, type DynamicModule, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Client, ClientProxyFactory, ClientsModule, MessagePattern, Payload } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ConnectionStatus,
  HeartwireClient,
  type HeartwireClientOptions,
  type HeartwireClientOptionsFactory,
  type HeartwireClientRegistration,
  HeartwireModule,
} from 'heartwire';
import { filter, firstValueFrom } from 'rxjs';

import { errorOf } from './support/outcome.js';
import { moduleOf, Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class EchoController {
  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

const ORDERS = Symbol('ORDERS');

describe('Heartwire clients in Nest', () => {
  const servers = new Stage();
  const stage = new Stage();
  let url: string;
  let connectionCount: () => number;

  beforeAll(async () => {
    const served = await servers.serve({ controllers: [EchoController] });
    url = served.url;
    connectionCount = () => served.server.connections.length;
  });

  afterEach(() => stage.clear());
  afterAll(() => servers.clear());

  describe('providing them', () => {
    @Injectable()
    class Gateway {
      constructor(@Inject(ORDERS) readonly orders: HeartwireClient) {}
    }

    @Injectable()
    class Config {
      get url(): string {
        return url;
      }

      createClientOptions(): HeartwireClientOptions {
        return { url };
      }
    }

    @Injectable()
    class ByConfig implements HeartwireClientOptionsFactory {
      constructor(private readonly config: Config) {}

      createClientOptions(): Promise<HeartwireClientOptions> {
        return Promise.resolve({ url: this.config.url });
      }
    }

    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}

    const custom = (): { customClass: typeof HeartwireClient; options: { url: string } } => ({
      customClass: HeartwireClient,
      options: { url },
    });

    const byValue = (client: unknown): DynamicModule => ({
      module: moduleOf({}),
      providers: [{ provide: ORDERS, useValue: client }],
      exports: [ORDERS],
    });

    it.each([
      ['HeartwireModule.register', () => HeartwireModule.register([{ name: ORDERS, url }])],
      [
        'HeartwireModule.registerAsync',
        () =>
          HeartwireModule.registerAsync([
            {
              name: ORDERS,
              imports: [ConfigModule],
              inject: [Config],
              useFactory: (config: Config) => Promise.resolve({ url: config.url }),
            },
          ]),
      ],
      [
        'HeartwireModule.registerAsync with useClass',
        () => HeartwireModule.registerAsync([{ name: ORDERS, imports: [ConfigModule], useClass: ByConfig }]),
      ],
      [
        'HeartwireModule.registerAsync with useExisting',
        () => HeartwireModule.registerAsync([{ name: ORDERS, imports: [ConfigModule], useExisting: Config }]),
      ],
      [
        'HeartwireModule.registerAsync with extraProviders',
        () =>
          HeartwireModule.registerAsync({
            clients: [{ name: ORDERS, extraProviders: [Config], useClass: ByConfig }],
          }),
      ],
      [
        'HeartwireModule.registerAsync with useFactory and extraProviders',
        () =>
          HeartwireModule.registerAsync([
            {
              name: ORDERS,
              extraProviders: [Config],
              inject: [Config],
              useFactory: (config: Config) => ({ url: config.url }),
            },
          ]),
      ],
      [
        'HeartwireModule.registerAsync with useExisting and extraProviders',
        () =>
          HeartwireModule.registerAsync([{ name: ORDERS, extraProviders: [Config], useExisting: Config }]),
      ],
      [
        'HeartwireModule.registerAsync of several, each with imports of its own,',
        () =>
          HeartwireModule.registerAsync([
            { name: 'another', imports: [moduleOf({})], useFactory: () => ({ url }) },
            { name: ORDERS, imports: [ConfigModule], useExisting: Config },
          ]),
      ],
      [
        'ClientsModule.register',
        () => ClientsModule.register([{ name: ORDERS, customClass: HeartwireClient, options: { url } }]),
      ],
      [
        'ClientsModule.registerAsync',
        () => ClientsModule.registerAsync([{ name: ORDERS, useFactory: () => custom() }]),
      ],
      [
        'a provider of its own',
        () => ({
          module: moduleOf({}),
          providers: [{ provide: ORDERS, useFactory: () => ClientProxyFactory.create(custom()) }],
          exports: [ORDERS],
        }),
      ],
    ])('%s gives a client that calls and tells events', async (way, imported) => {
      const app = await NestFactory.createApplicationContext(
        moduleOf({ imports: [imported()], providers: [Gateway] }),
        {
          logger: stage.logger,
        },
      );
      const { orders } = app.get(Gateway);
      expect(orders).toBeInstanceOf(HeartwireClient);
      expect(await firstValueFrom(orders.send('echo', { by: way }))).toEqual({ by: way });
      expect(await firstValueFrom(orders.emit('echo', 1, { acknowledge: true }))).toBeUndefined();

      await app.close();
      // Nest closes the clients of its modules; a provider of one's own is its owner's to close.
      if (way === 'a provider of its own') await orders.close();
      expect(await errorOf(orders.send('echo', 1))).toMatchObject({
        code: 'CLOSED',
        sent: 'never',
        retryable: false,
      });
      expect(await firstValueFrom(orders.status)).toBe('closed');
    });

    it.each([
      ['HeartwireModule.register', () => HeartwireModule.register([{ name: ORDERS, url }])],
      ['ClientsModule.register', () => ClientsModule.register([{ name: ORDERS, ...custom() }])],
      ['no module, but by value', () => byValue(ClientProxyFactory.create(custom()))],
    ])('an application that starts again can call again: %s', async (_way, imported) => {
      const module = moduleOf({ imports: [imported()], providers: [Gateway] });
      for (const data of ['the first', 'the second']) {
        const app = await NestFactory.createApplicationContext(module, { logger: stage.logger });
        const { orders } = app.get(Gateway);
        expect(await firstValueFrom(orders.send('echo', data))).toBe(data);
        await app.close();
        await orders.close();
        expect(await errorOf(orders.send('echo', 1))).toMatchObject({ code: 'CLOSED' });
      }
      await until('the server has no connection', () => connectionCount() === 0);
    });

    it('a subclass may connect when its application starts, each time', async () => {
      @Injectable()
      class Orders extends HeartwireClient {
        constructor() {
          super({ url });
        }

        override onModuleInit(): void {
          void this.connect();
        }
      }
      const module = moduleOf({ imports: [byValue(new Orders())], providers: [Gateway] });
      for (let start = 1; start <= 2; start += 1) {
        const app = await NestFactory.createApplicationContext(module, { logger: stage.logger });
        const { orders } = app.get(Gateway);
        expect(await firstValueFrom(orders.send('echo', start))).toBe(start);
        await app.close();
        await orders.close();
      }
    });

    it('@Client() gives a controller a client that closes with the application', async () => {
      @Controller()
      class ClientController {
        @Client(custom())
        readonly orders: HeartwireClient;
      }
      const app = await NestFactory.create(moduleOf({ controllers: [ClientController] }), {
        logger: stage.logger,
      });
      await app.init();
      const { orders } = app.get(ClientController);
      expect(orders).toBeInstanceOf(HeartwireClient);
      expect(await firstValueFrom(orders.send('echo', 'from a controller'))).toBe('from a controller');
      await app.close();
      expect(await firstValueFrom(orders.status)).toBe('closed');
      await until('the server has no connection', () => connectionCount() === 0);
    });

    it.each([
      ['register', () => HeartwireModule.register({ isGlobal: true, clients: [{ name: ORDERS, url }] })],
      [
        'registerAsync',
        () =>
          HeartwireModule.registerAsync({
            isGlobal: true,
            clients: [{ name: ORDERS, useFactory: () => ({ url }) }],
          }),
      ],
    ])('%s gives it to the whole application where that is wanted', async (_way, imported) => {
      const elsewhere = moduleOf({ providers: [Gateway] });
      const app = await NestFactory.createApplicationContext(moduleOf({ imports: [imported(), elsewhere] }), {
        logger: stage.logger,
      });
      const { orders } = app.get(Gateway, { strict: false });
      expect(await firstValueFrom(orders.send('echo', 1))).toBe(1);
      await app.close();
    });

    it('gives several clients by their names', async () => {
      const other = await stage.serve({ controllers: [EchoController] });
      const imported = HeartwireModule.register([
        { name: 'ONE', url },
        { name: 'TWO', url: other.url },
      ]);
      const app = await NestFactory.createApplicationContext(moduleOf({ imports: [imported] }), {
        logger: stage.logger,
      });
      const [one, two] = [app.get<HeartwireClient>('ONE'), app.get<HeartwireClient>('TWO')];
      await Promise.all([one.connect(), two.connect()]);
      const remotes = [one, two].map(
        (client) => `tcp://127.0.0.1:${String(client.unwrap<Socket>().remotePort)}`,
      );
      expect(remotes).toEqual([url, other.url]);
      await app.close();
    });

    it.each([[undefined], [null], ['orders'], [{}], [[null]], [[{ url: 'tcp://127.0.0.1:4001' }]]])(
      'refuses at once to be registered with what names no clients: %j',
      (registrations: unknown) => {
        const given = registrations as HeartwireClientRegistration[];
        const refusal = expect.objectContaining({ code: 'INVALID_OPTIONS' });
        expect(() => HeartwireModule.register(given)).toThrow(refusal);
        expect(() => HeartwireModule.registerAsync(given as never)).toThrow(refusal);
      },
    );

    it('refuses at once to be registered with options that are not valid, naming each fault', () => {
      const options = {
        name: ORDERS,
        url: 'tcp://127.0.0.1:4001',
        callTimeoutMs: 0,
        strict: 'yes' as unknown as boolean,
      };
      expect(() => HeartwireModule.register([options])).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTIONS',
          message: expect.stringMatching(/^(?=[^]*callTimeoutMs)(?=[^]*strict)/),
        }),
      );
    });
  });

  describe('watching them', () => {
    it('tells the status, from connecting to closed, and again after that', async () => {
      const client = stage.client(url);
      const seen: ConnectionStatus[] = [];
      client.status.subscribe((status) => seen.push(status));
      expect(seen).toEqual([]);
      await client.connect();
      expect(seen).toEqual(['connecting', 'connected']);
      await client.close();
      expect(seen).toEqual(['connecting', 'connected', 'draining', 'closed']);
      await client.connect();
      expect(seen.slice(4)).toEqual(['connecting', 'connected']);
    });

    it('tells the status of the moment to whoever subscribes late', async () => {
      const client = stage.client(url);
      await client.connect();
      expect(await firstValueFrom(client.status)).toBe('connected');
    });

    it('hands out its events: connect, close and error', async () => {
      const { app, url: brief } = await stage.serve({ controllers: [EchoController] });
      const client = stage.client(brief);
      const seen: unknown[] = [];
      client.on('connect', () => seen.push('connect'));
      client.on('close', () => seen.push('close'));
      const failed = new Promise((resolve) => {
        client.on('error', resolve);
      });
      await client.connect();
      expect(seen).toEqual(['connect']);
      client.unwrap<Socket>().destroy();
      await firstValueFrom(client.status.pipe(filter((status) => status === 'reconnecting')));
      expect(seen).toEqual(['connect', 'close']);
      await firstValueFrom(client.status.pipe(filter((status) => status === 'connected')));
      expect(seen).toEqual(['connect', 'close', 'connect']);
      await app.close();
      expect(await failed).toMatchObject({ code: 'CONNECT_FAILED', sent: 'never', retryable: true });
    });

    it('tells of each connect that it is over, however it ends', async () => {
      const { app, url: brief } = await stage.serve({ controllers: [EchoController] });
      const client = stage.client(brief);
      const seen: string[] = [];
      client.on('connect', () => seen.push('connect'));
      client.on('close', () => seen.push('close'));
      await client.connect();
      await client.close();
      expect(seen).toEqual(['connect', 'close']);
      await client.connect();
      expect(seen).toEqual(['connect', 'close', 'connect']);
      await app.close();
      await until('the server is gone', () => seen.length === 4);
      await client.close();
      expect(seen).toEqual(['connect', 'close', 'connect', 'close']);
    });

    it('hands out the socket that carries the calls, once there is one', async () => {
      const client = stage.client(url);
      expect(() => client.unwrap()).toThrow('Not initialized. Please call the "connect" method first.');
      await client.connect();
      const socket = client.unwrap<Socket>();
      expect(socket).toBeInstanceOf(Socket);
      const closed = once(socket, 'close');
      await client.close();
      await closed;
      expect(() => client.unwrap()).toThrow('Not initialized');
    });
  });
});
