import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestMicroservice, Injectable } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  HeartwireHub,
  HeartwireModule,
  HeartwireServer,
  OnConnect,
  PushPattern,
  type ServerConnection,
} from 'heartwire';
import { of } from 'rxjs';

import { moduleOf, Stage } from './support/stage.js';
import { until } from './support/until.js';

@Injectable()
class Greeter {
  @PushPattern('came')
  came(): string {
    return 'hello';
  }
}

@Injectable()
class Porter {
  readonly seen: string[] = [];

  constructor(readonly hub: HeartwireHub) {}

  @OnConnect()
  welcome({ clientId }: ServerConnection): void {
    this.hub.join(clientId, 'lobby');
    this.seen.push(clientId);
  }
}

describe('a test of an application that pushes, or is pushed to,', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  /** The application, which listens, and has a client. */
  const serveGuest = async (testing: TestingModule, server: HeartwireServer): Promise<INestMicroservice> => {
    const options = { strategy: server, logger: stage.logger };
    const app = stage.track(testing.createNestMicroservice<MicroserviceOptions>(options));
    await app.listen();
    await stage.client(server.address).connect();
    return app;
  };

  it.each([{ send: () => of(7), emit: () => of(undefined) }, null])(
    'may put %p in the place of its client',
    async (orders) => {
      const module = moduleOf({
        imports: [HeartwireModule.register([{ name: 'ORDERS', url: 'tcp://127.0.0.1:1' }])],
        providers: [Greeter],
      });
      const testing = await Test.createTestingModule({ imports: [module] })
        .overrideProvider('ORDERS')
        .useValue(orders)
        .compile();
      const app = stage.track(await testing.init());
      expect(app.get(Greeter, { strict: false }).came()).toBe('hello');
    },
  );

  it('may put a server of its own in the place of the application’s', async () => {
    const root = {
      module: moduleOf({ providers: [Porter] }),
      imports: [HeartwireModule.forServer(new HeartwireServer({ url: 'tcp://127.0.0.1:4001' }))],
    };
    const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
    const testing = await Test.createTestingModule({ imports: [root] })
      .overrideProvider(HeartwireServer)
      .useValue(server)
      .compile();
    const app = await serveGuest(testing, server);
    const { hub, seen } = app.get(Porter);
    await until('the client was greeted', () => seen.length === 1);
    expect(hub.members('lobby')).toEqual(seen);
  });

  it('has what a factory makes hear of its clients', async () => {
    const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
    const testing = await Test.createTestingModule({
      imports: [HeartwireModule.forServer(server)],
      providers: [
        { provide: Porter, inject: [HeartwireHub], useFactory: (hub: HeartwireHub) => new Porter(hub) },
      ],
    }).compile();
    const app = await serveGuest(testing, server);
    await until('the client was greeted', () => app.get(Porter).seen.length === 1);
    expect(server.hub.rooms).toEqual(['lobby']);
  });
});
