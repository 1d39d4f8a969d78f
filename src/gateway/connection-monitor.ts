import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HeartwireClient } from 'heartwire';

import { type ConnectionReport, ConnectionRecord } from './connection-record.js';
import { SERVICES } from './service-token.js';

/** A service that the gateway is connected to. */
export interface Service {
  readonly name: string;
  readonly url: string;
  readonly client: HeartwireClient;
}

/** Opens the connections when the gateway starts, and keeps their records. */
@Injectable()
export class ConnectionMonitor implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly records: ReadonlyMap<string, ConnectionRecord>;

  constructor(@Inject(SERVICES) services: readonly Service[]) {
    this.records = new Map(
      services.map(({ name, client, url }) => [name, new ConnectionRecord(client, url)]),
    );
  }

  /** By the names of the services. */
  get report(): Readonly<Record<string, ConnectionReport>> {
    return Object.fromEntries([...this.records].map(([name, { report }]) => [name, report]));
  }

  onApplicationBootstrap(): void {
    for (const record of this.records.values()) record.begin();
  }

  onModuleDestroy(): void {
    for (const record of this.records.values()) record.end();
  }
}
