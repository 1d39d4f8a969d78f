import type { ResolvedServerOptions } from '../options/server-options.js';
import { UNUSED } from '../session/reasons.js';
import type { Runtime } from '../timing/runtime.js';
import { ConnectionAge } from './connection-age.js';
import { IdleWatch } from './idle-watch.js';
import type { ServerConnection } from './server-connection.js';

/** Has connections leave in order that are old, or that nobody uses. */
export class ConnectionRetirement {
  private readonly age: ConnectionAge<ServerConnection>;
  private readonly idle: IdleWatch<ServerConnection>;

  constructor(
    { maxConnectionAgeMs, maxConnectionIdleMs, drainTimeoutMs }: ResolvedServerOptions,
    { clock, random }: Runtime,
  ) {
    this.age = new ConnectionAge(maxConnectionAgeMs, random, ({ session }) => {
      session.drain('age', drainTimeoutMs);
    });
    this.idle = new IdleWatch(maxConnectionIdleMs, clock, {
      useCountOf: ({ session }) => session.exchange.useCount,
      onIdle: ({ session }) => {
        if (session.state === 'ready') session.drain(UNUSED, drainTimeoutMs);
      },
    });
  }

  /** It has a link from now on. */
  watch(connection: ServerConnection): void {
    this.age.begin(connection);
    this.idle.begin(connection);
  }

  /** It has no link any more, or is on its way out already. */
  forget(connection: ServerConnection): void {
    this.age.end(connection);
    this.idle.end(connection);
  }
}
