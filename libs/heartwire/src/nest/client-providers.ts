import type { Provider } from '@nestjs/common';

import { HeartwireClient } from '../client/heartwire.client.js';
import { resolveClientOptions } from '../options/resolve-options.js';
import type {
  HeartwireAsyncClientRegistration,
  HeartwireClientOptionsFactory,
  HeartwireClientRegistration,
} from './client-registration.js';
import { ownFactory } from './own-factory.js';

/** @throws HeartwireError `INVALID_OPTIONS`, where they were written down, and not only when Nest makes the client */
export function clientProvider({ name, ...options }: HeartwireClientRegistration): Provider {
  resolveClientOptions(options);
  return { provide: name, useFactory: ownFactory(() => closedWithApplication(new HeartwireClient(options))) };
}

/** The client, and what its options are made with. */
export function asyncClientProviders(registration: HeartwireAsyncClientRegistration): Provider[] {
  const { name, extraProviders = [] } = registration;
  if ('useFactory' in registration) {
    const { inject = [], useFactory } = registration;
    const clientOf = ownFactory(async (...injected: unknown[]) =>
      closedWithApplication(new HeartwireClient(await useFactory(...injected))),
    );
    return [{ provide: name, inject, useFactory: clientOf }, ...extraProviders];
  }
  const clientOf = ownFactory(async (factory: HeartwireClientOptionsFactory) =>
    closedWithApplication(new HeartwireClient(await factory.createClientOptions())),
  );
  if ('useExisting' in registration) {
    return [{ provide: name, inject: [registration.useExisting], useFactory: clientOf }, ...extraProviders];
  }
  const { useClass } = registration;
  return [{ provide: name, inject: [useClass], useFactory: clientOf }, useClass, ...extraProviders];
}

/** As Nest's ClientsModule does it: the shutdown hook of the provider closes the client. */
function closedWithApplication(client: HeartwireClient): HeartwireClient {
  return Object.assign(client, { onApplicationShutdown: () => client.close() });
}
