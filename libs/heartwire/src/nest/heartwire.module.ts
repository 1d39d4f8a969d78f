import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
} from '@nestjs/common';

import { HeartwireClient } from '../client/heartwire.client.js';
import type { HeartwireClientOptions } from '../options/client-options.js';
import { HeartwireHealthIndicator } from './heartwire.health-indicator.js';

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
@Module({ providers: [HeartwireHealthIndicator], exports: [HeartwireHealthIndicator] })
export class HeartwireModule {
  /** @throws HeartwireError `INVALID_OPTIONS` */
  static register(clients: readonly HeartwireClientRegistration[]): DynamicModule {
    const providers = clients.map(({ name, ...options }) => ({
      provide: name,
      useFactory: () => closedWithApplication(new HeartwireClient(options)),
    }));
    return { module: HeartwireModule, providers, exports: providers };
  }

  static registerAsync(clients: readonly HeartwireAsyncClientRegistration[]): DynamicModule {
    const providers = clients.map(({ name, inject = [], useFactory }): Provider => ({
      provide: name,
      inject,
      useFactory: async (...args: unknown[]) =>
        closedWithApplication(new HeartwireClient(await useFactory(...args))),
    }));
    const imports = clients.flatMap((client) => client.imports ?? []);
    return { module: HeartwireModule, imports, providers, exports: providers };
  }
}

/** As Nest's ClientsModule does it: the shutdown hook of the provider closes the client. */
function closedWithApplication(client: HeartwireClient): HeartwireClient {
  return Object.assign(client, { onApplicationShutdown: () => client.close() });
}
