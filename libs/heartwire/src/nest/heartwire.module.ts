import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import { HeartwireClient } from '../client/heartwire.client.js';
import type { HeartwireClientOptions } from '../options/client-options.js';
import { resolveClientOptions } from '../options/resolve-options.js';
import { HeartwireServer } from '../server/heartwire.server.js';
import { HeartwireHub } from '../server/hub.js';
import { ConnectionHooks } from './connection-hooks.js';
import { DecoratedMethods } from './decorated-methods.js';
import { HeartwireHealthIndicator } from './heartwire.health-indicator.js';
import { OWN_CLIENTS, PushBinder } from './push-binder.js';

/** Keeps that a client has either `url` or `urls`. */
type WithoutName<Options> = Options extends unknown ? Omit<Options, 'name'> : never;

/** A client under an injection token, its `name`. */
export type HeartwireClientRegistration = WithoutName<HeartwireClientOptions> & {
  readonly name: string | symbol;
};

/** A client whose options are known only when the application starts. */
export interface HeartwireAsyncClientRegistration extends Pick<ModuleMetadata, 'imports'> {
  readonly name: string | symbol;
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // Nest's own signature for factories.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory: (...args: any[]) => HeartwireClientOptions | Promise<HeartwireClientOptions>;
}

/**
 * Provides Heartwire clients by name, and closes them with the application. Provides the
 * {@link HeartwireHealthIndicator} too.
 *
 * @example
 * @Module({ imports: [HeartwireModule.register([{ name: 'ORDERS', url: 'tcp://orders:4001' }])] })
 * export class GatewayModule {}
 */
@Module({
  imports: [DiscoveryModule],
  providers: [HeartwireHealthIndicator, DecoratedMethods],
  exports: [HeartwireHealthIndicator],
})
export class HeartwireModule {
  /** @throws HeartwireError `INVALID_OPTIONS` */
  static register(clients: readonly HeartwireClientRegistration[]): DynamicModule {
    const providers = clients.map(({ name, ...options }) => {
      // Where they were written down, and not only when Nest makes the client.
      resolveClientOptions(options);
      return { provide: name, useFactory: () => closedWithApplication(new HeartwireClient(options)) };
    });
    const own = ownClients(clients.map(({ name }) => name));
    return { module: HeartwireModule, providers: [...providers, ...own], exports: providers };
  }

  static registerAsync(clients: readonly HeartwireAsyncClientRegistration[]): DynamicModule {
    const providers = clients.map(({ name, inject = [], useFactory }): Provider => ({
      provide: name,
      inject,
      useFactory: async (...args: unknown[]) =>
        closedWithApplication(new HeartwireClient(await useFactory(...args))),
    }));
    const imports = clients.flatMap((client) => client.imports ?? []);
    const own = ownClients(clients.map(({ name }) => name));
    return { module: HeartwireModule, imports, providers: [...providers, ...own], exports: providers };
  }

  /**
   * Provides the {@link HeartwireHub} of a server, and the server itself, in the whole application, and calls its
   * `@OnConnect()` and `@OnDisconnect()` methods.
   *
   * @example
   * const server = new HeartwireServer({ url: 'tcp://0.0.0.0:4001' });
   * const root = { module: AppModule, imports: [HeartwireModule.forServer(server)] };
   * const app = await NestFactory.createMicroservice<MicroserviceOptions>(root, { strategy: server });
   */
  static forServer(server: HeartwireServer): DynamicModule {
    const providers: Provider[] = [
      { provide: HeartwireServer, useValue: server },
      { provide: HeartwireHub, useValue: server.hub },
    ];
    return {
      module: HeartwireModule,
      global: true,
      providers: [...providers, ConnectionHooks],
      exports: providers,
    };
  }
}

/** As Nest's ClientsModule does it: the shutdown hook of the provider closes the client. */
function closedWithApplication(client: HeartwireClient): HeartwireClient {
  return Object.assign(client, { onApplicationShutdown: () => client.close() });
}

/** Gives a registration's clients the `@PushPattern` methods that are for them. */
function ownClients(names: readonly (string | symbol)[]): Provider[] {
  return [
    PushBinder,
    {
      provide: OWN_CLIENTS,
      inject: [...names],
      useFactory: (...clients: HeartwireClient[]) =>
        new Map(names.map((name, index) => [name, clients[index]])),
    },
  ];
}
