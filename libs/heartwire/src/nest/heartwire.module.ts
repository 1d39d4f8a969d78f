import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import type { HeartwireClient } from '../client/heartwire.client.js';
import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { HeartwireServer } from '../server/heartwire.server.js';
import { HeartwireHub } from '../server/hub.js';
import { asyncClientProviders, clientProvider } from './client-providers.js';
import type {
  HeartwireAsyncClientRegistration,
  HeartwireClientRegistration,
  HeartwireRegistrations,
} from './client-registration.js';
import { ConnectionHooks } from './connection-hooks.js';
import { DecoratedMethods } from './decorated-methods.js';
import { HeartwireHealthIndicator } from './heartwire.health-indicator.js';
import { ownFactory } from './own-factory.js';
import { OWN_CLIENTS, PushBinder } from './push-binder.js';

/** One for each server: however many modules import it, an application calls each of its hooks once. */
const modulesOfServers = new WeakMap<HeartwireServer, DynamicModule>();

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
  /**
   * @param registrations the clients, or an object with `clients` and `isGlobal`
   * @throws HeartwireError `INVALID_OPTIONS`
   */
  static register(registrations: HeartwireRegistrations<HeartwireClientRegistration>): DynamicModule {
    const { clients, isGlobal } = asObject(registrations);
    return moduleWith(clients, clients.map(clientProvider), isGlobal);
  }

  /**
   * Faulty options fail with `INVALID_OPTIONS` when the application starts, as they are known only then.
   *
   * @param registrations as of {@link register}, with what makes the options of each client
   * @throws HeartwireError `INVALID_OPTIONS` for a client without a name
   */
  static registerAsync(
    registrations: HeartwireRegistrations<HeartwireAsyncClientRegistration>,
  ): DynamicModule {
    const { clients, isGlobal } = asObject(registrations);
    const imports = clients.flatMap((client) => client.imports ?? []);
    return { ...moduleWith(clients, clients.flatMap(asyncClientProviders), isGlobal), imports };
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
    const known = modulesOfServers.get(server);
    if (known !== undefined) return known;
    const providers: Provider[] = [
      // Not as a value: with `snapshot` Nest writes values down as JSON, and a server is none.
      { provide: HeartwireServer, useFactory: ownFactory(() => server) },
      // Of the server that is injected: a test may have put another one in its place.
      { provide: HeartwireHub, inject: [HeartwireServer], useFactory: ({ hub }: HeartwireServer) => hub },
    ];
    const module: DynamicModule = {
      module: HeartwireModule,
      global: true,
      providers: [...providers, ConnectionHooks],
      exports: providers,
    };
    modulesOfServers.set(server, module);
    return module;
  }
}

/** @param registrations from JavaScript, or a variable that is not there, it may be anything */
function asObject<Registration>(registrations: HeartwireRegistrations<Registration> | undefined): {
  readonly clients: readonly Registration[];
  readonly isGlobal: boolean;
} {
  const { clients, isGlobal = false } = isList(registrations)
    ? { clients: registrations }
    : (registrations ?? {});
  if (isList(clients) && clients.every(hasName)) return { clients, isGlobal };
  const message =
    'HeartwireModule takes an array of clients, each with its name, or an object with `clients`';
  throw new HeartwireError(ErrorCode.INVALID_OPTIONS, message);
}

function isList<Item>(value: HeartwireRegistrations<Item> | undefined): value is readonly Item[] {
  return Array.isArray(value);
}

function hasName(client: unknown): boolean {
  if (typeof client !== 'object' || client === null || !('name' in client)) return false;
  return typeof client.name === 'string' || typeof client.name === 'symbol';
}

/** The clients of one registration, which get the `@PushPattern` methods that are for them. */
function moduleWith(
  clients: readonly { readonly name: string | symbol }[],
  providers: readonly Provider[],
  global: boolean,
): DynamicModule {
  const names = clients.map(({ name }) => name);
  const own: Provider = {
    provide: OWN_CLIENTS,
    inject: names,
    useFactory: (...made: HeartwireClient[]) => new Map(names.map((name, index) => [name, made[index]])),
  };
  return {
    module: HeartwireModule,
    global,
    providers: [...providers, PushBinder, own],
    exports: [...providers],
  };
}
