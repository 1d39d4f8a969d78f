import type { HubClient } from '../options/hub-adapter.js';
import type { Presence } from '../options/presence.js';
import { Rooms } from './rooms.js';

interface Whereabouts {
  readonly instance: string;
  readonly identity: unknown;
}

/**
 * What this instance knows of the clients of the others. Every change of it is a presence event, and the other way
 * round, so that whoever follows the events knows the same. Each method returns those to tell.
 */
export class RemoteClients {
  readonly rooms = new Rooms();
  private readonly byId = new Map<string, Whereabouts>();
  private readonly byInstance = new Map<string, Set<string>>();

  get ids(): Iterable<string> {
    return this.byId.keys();
  }

  /** Where a client is. */
  instanceOf(clientId: string): string | undefined {
    return this.byId.get(clientId)?.instance;
  }

  /** Something happened to a client of that instance. What doesn't fit what is known is not told. */
  follow(instance: string, presence: Presence): readonly Presence[] {
    const { clientId } = presence;
    if (presence.type === 'connected')
      return this.byId.has(clientId) ? [] : this.enter(instance, { ...presence, rooms: [] });
    if (this.instanceOf(clientId) !== instance) return [];
    switch (presence.type) {
      case 'joined':
        return this.rooms.join(clientId, presence.room) ? [presence] : [];
      case 'left':
        return this.rooms.leave(clientId, presence.room) ? [presence] : [];
      case 'disconnected':
        return this.forget(clientId);
      case 'suspended':
      case 'resumed':
        return [presence];
    }
  }

  /** All that are at an instance now. */
  learn(instance: string, clients: readonly HubClient[]): readonly Presence[] {
    const present = new Set(clients.map(({ clientId }) => clientId));
    const gone = [...(this.byInstance.get(instance) ?? [])].filter((id) => !present.has(id));
    return [
      ...gone.flatMap((id) => this.forget(id)),
      ...clients.flatMap((client) => this.enter(instance, client)),
    ];
  }

  /** An instance is gone. */
  lose(instance: string): readonly Presence[] {
    return this.learn(instance, []);
  }

  /** Nothing is known of the others any more. */
  clear(): void {
    for (const instance of [...this.byInstance.keys()]) this.lose(instance);
  }

  private enter(instance: string, { clientId, identity, rooms }: HubClient): readonly Presence[] {
    const known = this.byId.get(clientId);
    if (known !== undefined && known.instance !== instance) return [];
    const told: Presence[] = known === undefined ? [{ type: 'connected', clientId, identity }] : [];
    this.byId.set(clientId, { instance, identity });
    const here = this.byInstance.get(instance) ?? new Set();
    this.byInstance.set(instance, here.add(clientId));
    const now = new Set(rooms);
    for (const room of [...this.rooms.of(clientId)])
      if (!now.has(room) && this.rooms.leave(clientId, room))
        told.push({ type: 'left', clientId, identity, room });
    for (const room of now)
      if (this.rooms.join(clientId, room)) told.push({ type: 'joined', clientId, identity, room });
    return told;
  }

  private forget(clientId: string): readonly Presence[] {
    const known = this.byId.get(clientId);
    if (known === undefined) return [];
    const { instance, identity } = known;
    this.byId.delete(clientId);
    const here = this.byInstance.get(instance);
    here?.delete(clientId);
    if (here?.size === 0) this.byInstance.delete(instance);
    return [{ type: 'disconnected', clientId, identity, rooms: this.rooms.leaveAll(clientId) }];
  }
}
