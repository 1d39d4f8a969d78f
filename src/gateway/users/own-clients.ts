import { Injectable } from '@nestjs/common';
import { OnConnect, OnDisconnect, type ServerConnection } from 'heartwire';

/** The clients of this gateway. The hub knows those of the others too. */
@Injectable()
export class OwnClients {
  private readonly ids = new Set<string>();

  @OnConnect()
  came({ clientId }: ServerConnection): void {
    this.ids.add(clientId);
  }

  @OnDisconnect()
  went({ clientId }: ServerConnection): void {
    this.ids.delete(clientId);
  }

  get all(): readonly string[] {
    return [...this.ids];
  }

  /** Those of these that are its own. */
  among(clientIds: readonly string[]): readonly string[] {
    return clientIds.filter((id) => this.ids.has(id));
  }
}
