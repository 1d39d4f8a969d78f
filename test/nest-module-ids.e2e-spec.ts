import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HeartwireClient, HeartwireHub, HeartwireModule, HeartwireServer } from 'heartwire';

import { moduleOf, Stage } from './support/stage.js';

const ORDERS = 'ORDERS';

const WAYS: Readonly<Record<string, (url: string) => DynamicModule>> = {
  register: (url) => HeartwireModule.register([{ name: ORDERS, url }]),
  registerAsync: (url) => HeartwireModule.registerAsync([{ name: ORDERS, useFactory: () => ({ url }) }]),
  "Nest's ClientsModule": (url) =>
    ClientsModule.register([{ name: ORDERS, customClass: HeartwireClient, options: { url } }]),
};

// Nest makes the id of a module of what the module is made of: of all its values as JSON, and of its functions' text.
describe.each([{ moduleIdGeneratorAlgorithm: 'deep-hash' as const }, { snapshot: true }])(
  'an application with %j',
  (options) => {
    const stage = new Stage();

    afterEach(() => stage.clear());

    const start = (imports: readonly DynamicModule[]) =>
      NestFactory.createApplicationContext(moduleOf({ imports: [...imports] }), {
        ...options,
        logger: stage.logger,
        abortOnError: false,
      });

    it.each(Object.keys(WAYS))('gives two modules that name a client alike each its own: %s', async (way) => {
      const feature = (name: string): DynamicModule => ({
        module: moduleOf({}),
        imports: [WAYS[way]?.(`tcp://${name}:4001`) ?? moduleOf({})],
        providers: [{ provide: name, inject: [ORDERS], useFactory: (orders: unknown) => ({ orders }) }],
      });
      const app = await start([feature('first'), feature('second')]);
      const urlOf = (name: string): string =>
        JSON.stringify(app.get<{ orders: HeartwireClient }>(name, { strict: false }).orders);
      expect(urlOf('first')).toContain('"host":"first"');
      expect(urlOf('second')).toContain('"host":"second"');
      await app.close();
    });

    it('has the hub of its server', async () => {
      const server = new HeartwireServer({ url: 'tcp://127.0.0.1:0' });
      const app = await start([HeartwireModule.forServer(server)]);
      expect(app.get(HeartwireHub)).toBe(server.hub);
      await app.close();
    });
  },
);

it('a client as JSON shows no secret', () => {
  const secret = 'hunter2';
  const tls = { passphrase: secret, rejectUnauthorized: false };
  const client = new HeartwireClient({ url: 'tls://orders:4001', token: secret, tls });
  expect(JSON.stringify(client)).not.toContain(secret);
});
