import { Controller, Inject } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { HeartwireServerOptions, Resolve, ResolvedServer } from 'heartwire';

import { deferred } from './deferred.js';
import { type Served, type Stage } from './stage.js';

/** Tells who answers, and how often it was asked. */
@Controller()
export class ReplicaController {
  calls = 0;
  readonly events: unknown[] = [];
  readonly gate = deferred();

  constructor(@Inject('REPLICA') readonly name: string) {}

  @MessagePattern('who')
  who(): string {
    this.calls += 1;
    return this.name;
  }

  @MessagePattern('who, when the gate opens')
  async whoLater(): Promise<string> {
    this.calls += 1;
    await this.gate.promise;
    return this.name;
  }

  @EventPattern('note')
  note(@Payload() data: unknown): void {
    this.events.push(data);
  }
}

/** One of several servers of the same service. */
export interface Running extends Served {
  readonly controller: ReplicaController;
  readonly place: ResolvedServer;
}

export async function startReplica(
  stage: Stage,
  name: string,
  server: Omit<HeartwireServerOptions, 'url' | 'urls'> = {},
  url?: string,
): Promise<Running> {
  const served = await stage.serve(
    { controllers: [ReplicaController], providers: [{ provide: 'REPLICA', useValue: name }] },
    { server, ...(url !== undefined && { url }) },
  );
  const { hostname: host, port } = new URL(served.url);
  return { ...served, controller: served.app.get(ReplicaController), place: { host, port: Number(port) } };
}

/** A name service of a test's own. */
export class Names {
  places: readonly ResolvedServer[] = [];
  asked = 0;

  readonly resolve: Resolve = () => {
    this.asked += 1;
    return Promise.resolve(this.places);
  };

  lead(...replicas: readonly Running[]): void {
    this.places = replicas.map(({ place }) => place);
  }
}
