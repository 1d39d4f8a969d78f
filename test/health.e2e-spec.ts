import { Controller, Get, Inject, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, type HealthCheckResult, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  HeartwireClient,
  type HeartwireClientOptions,
  HeartwireHealthIndicator,
  HeartwireModule,
} from 'heartwire';
import request from 'supertest';

import { freeUrl } from './support/free-url.js';
import { RawServer } from './support/raw-server.js';
import { type Running, startReplica } from './support/replicas.js';
import { moduleOf, Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly heartwire: HeartwireHealthIndicator,
    @Inject('ORDERS') private readonly orders: HeartwireClient,
  ) {}

  @Get('health')
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.heartwire.check('orders', this.orders)]);
  }
}

const stage = new Stage();

afterEach(() => stage.clear());

/** An application whose `GET /health` tells of one client, as it asks for it. */
async function startApp(
  urls: readonly string[],
  options: Omit<HeartwireClientOptions, 'url' | 'urls'> = {},
): Promise<{ app: INestApplication; client: HeartwireClient; health: () => Promise<request.Response> }> {
  const imports = [
    HeartwireModule.register([{ ...options, name: 'ORDERS', urls }]),
    TerminusModule.forRoot({ logger: false }),
  ];
  const app = await NestFactory.create(moduleOf({ imports, controllers: [HealthController] }), {
    logger: stage.logger,
  });
  await app.init();
  stage.track(app);
  const client = app.get<HeartwireClient>('ORDERS');
  return { app, client, health: async () => request(app.getHttpServer()).get('/health') };
}

const connections = (replicas: readonly Running[]): number =>
  replicas.reduce((sum, { server }) => sum + server.connections.length, 0);

describe('the health indicator', () => {
  it('tells each server with its round trip, and opens no socket for it', async () => {
    const replicas = [await startReplica(stage, 'a'), await startReplica(stage, 'b')];
    const { client, health } = await startApp(
      replicas.map(({ url }) => url),
      { heartbeat: { intervalMs: 1_000, timeoutMs: 10_000 } },
    );
    await client.connect();
    await until('both have answered a ping', () =>
      [0, 1].every((index) => client.endpoints[index]?.liveness?.roundTripMs !== undefined),
    );
    const before = connections(replicas);
    const { status, body } = await health();
    expect(status).toBe(200);
    const endpoints = replicas.map(({ url }) => ({
      endpoint: url,
      state: 'alive',
      roundTripMs: expect.any(Number),
    }));
    expect(body).toMatchObject({ status: 'ok', details: { orders: { status: 'up' } } });
    expect(body.details.orders.endpoints).toHaveLength(2);
    expect(body.details.orders.endpoints).toEqual(expect.arrayContaining(endpoints));
    expect(connections(replicas)).toBe(before);
    expect(before).toBe(2);
  });

  it('is degraded when one of several servers is down, and says which', async () => {
    const [replica, dead] = [await startReplica(stage, 'a'), await freeUrl()];
    const { client, health } = await startApp([replica.url, dead]);
    await client.connect();
    await until('the dead one was tried', () => client.endpoints.length === 2);
    const { status, body } = await health();
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'degraded', details: { orders: { status: 'degraded' } } });
    expect(body.details.orders.endpoints).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ endpoint: replica.url, state: 'alive' }),
        { endpoint: dead, state: 'down' },
      ]),
    );
  });

  it('is degraded while the only server is suspect', async () => {
    const server = stage.track(await RawServer.listen());
    // So long that an end which is late now and then, and therefore gives no verdict, is not always late.
    const { client, health } = await startApp([server.url], {
      heartbeat: { intervalMs: 2_000, timeoutMs: 10_000 },
    });
    const connecting = client.connect();
    // It never answers a ping.
    await server.greeted(0);
    await connecting;
    await until('it is suspect', () => client.endpoints[0]?.liveness?.state === 'suspect');
    const { status, body } = await health();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'degraded',
      details: { orders: { endpoints: [{ endpoint: server.url, state: 'suspect' }] } },
    });
  });

  it('is down without a server, before connect() and after close()', async () => {
    const replica = await startReplica(stage, 'a');
    const { client, health } = await startApp([replica.url]);
    const isDown = async (): Promise<void> => {
      const { status, body } = await health();
      expect(status).toBe(503);
      expect(body).toMatchObject({ status: 'error', error: { orders: { status: 'down' } } });
    };
    await isDown();
    expect(replica.server.connections).toEqual([]);
    await client.connect();
    expect((await health()).status).toBe(200);
    await replica.app.close();
    await until('the loss is noticed', async () => (await health()).status === 503);
    await isDown();
    await client.close();
    await isDown();
  });
});
