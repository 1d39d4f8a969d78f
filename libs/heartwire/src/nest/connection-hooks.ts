import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { HeartwireServer } from '../server/heartwire.server.js';
import { ON_CONNECT, ON_DISCONNECT } from './connection-hooks.decorator.js';
import { type DecoratedMethod, DecoratedMethods } from './decorated-methods.js';

/** Calls the `@OnConnect` and `@OnDisconnect` methods of the application. */
@Injectable()
export class ConnectionHooks implements OnApplicationBootstrap {
  private readonly logger = new Logger(ConnectionHooks.name);

  constructor(
    private readonly server: HeartwireServer,
    private readonly methods: DecoratedMethods,
  ) {}

  onApplicationBootstrap(): void {
    const onConnect = this.methods.find(ON_CONNECT);
    const onDisconnect = this.methods.find(ON_DISCONNECT);
    if (onConnect.length + onDisconnect.length === 0) return;
    this.server.connections$.subscribe((event) => {
      const { type, connection } = event;
      if (type === 'introduced') this.callEach(onConnect, connection);
      else if (type === 'closed' && connection.isIntroduced)
        this.callEach(onDisconnect, connection, event.reason);
    });
  }

  private callEach(methods: readonly DecoratedMethod<unknown>[], ...args: readonly unknown[]): void {
    for (const { host, method, name } of methods) {
      const call = async (): Promise<void> => {
        await method.apply(host, [...args]);
      };
      call().catch((error: unknown) => {
        const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.logger.error(`${host.constructor.name}.${name} failed: ${why}`);
      });
    }
  }
}
