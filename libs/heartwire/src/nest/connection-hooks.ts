import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { traceOf } from '../errors/thrown.js';
import type { ConnectionEvent } from '../server/connection-event.js';
import { HeartwireServer } from '../server/heartwire.server.js';
import type { ServerConnection } from '../server/server-connection.js';
import { ON_CONNECT, ON_DISCONNECT } from './connection-hooks.decorator.js';
import { type DecoratedMethod, DecoratedMethods } from './decorated-methods.js';

/** Calls the `@OnConnect` and `@OnDisconnect` methods of the application. */
@Injectable()
export class ConnectionHooks implements OnApplicationBootstrap {
  private readonly logger = new Logger(ConnectionHooks.name);
  private onConnect: readonly DecoratedMethod<unknown>[] = [];
  private onDisconnect: readonly DecoratedMethod<unknown>[] = [];
  /** A hybrid application listens before it is ready: who came by then is greeted once it is. */
  private early: Set<ServerConnection> | undefined = new Set();

  constructor(
    server: HeartwireServer,
    private readonly methods: DecoratedMethods,
  ) {
    server.connections$.subscribe((event) => {
      this.follow(event);
    });
  }

  onApplicationBootstrap(): void {
    this.onConnect = this.methods.find(ON_CONNECT);
    this.onDisconnect = this.methods.find(ON_DISCONNECT);
    const early = this.early ?? [];
    this.early = undefined;
    for (const connection of early) this.callEach(this.onConnect, connection);
  }

  private follow(event: ConnectionEvent): void {
    const { type, connection } = event;
    if (type === 'introduced') {
      if (this.early === undefined) this.callEach(this.onConnect, connection);
      else this.early.add(connection);
    } else if (type === 'closed' && connection.isIntroduced) {
      if (this.early === undefined) this.callEach(this.onDisconnect, connection, event.reason);
      else this.early.delete(connection);
    }
  }

  private callEach(methods: readonly DecoratedMethod<unknown>[], ...args: readonly unknown[]): void {
    for (const { host, method, name } of methods) {
      const call = async (): Promise<void> => {
        await method.apply(host, [...args]);
      };
      call().catch((error: unknown) => {
        this.logger.error(`${host.constructor.name}.${name} failed: ${traceOf(error)}`);
      });
    }
  }
}
