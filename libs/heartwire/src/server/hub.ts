import { type Observable, Subject } from 'rxjs';

import { nodeRuntime } from '../link/node-runtime.js';
import type { AdapterStatus, HubClient } from '../options/hub-adapter.js';
import type { Presence } from '../options/presence.js';
import type { PushTarget } from '../options/push-target.js';
import type { Metadata } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { callBody } from '../session/call-body.js';
import type { Codec } from '../session/codec.js';
import { checkSize } from '../session/message-size.js';
import type { Session } from '../session/session.js';
import { Broadcast, type BroadcastHost, type Push } from './broadcast.js';
import { ClientCalls } from './client-calls.js';
import type { ConnectionEvent } from './connection-event.js';
import { emitInOrder } from './emit-in-order.js';
import { identityName } from './identity-name.js';
import type { Instances } from './instances.js';
import { checkRoom, checkTargets } from './push-names.js';
import type { RemoteClients } from './remote-clients.js';
import { Rooms } from './rooms.js';
import type { ServerConnection } from './server-connection.js';

/** What a hub knows of its server. */
export interface HubSettings {
  /** By their ids, those included that have not said a word yet. */
  readonly connections: ReadonlyMap<string, ServerConnection>;
  readonly events$: Observable<ConnectionEvent>;
  readonly codec: Codec | undefined;
  readonly maxFrameBytes: number;
  /** This one and the others. */
  readonly instances: Instances;
  /** How long a call to a client may take that names no deadline, in ms. */
  readonly callTimeoutMs: number;
}

/**
 * Reaches the clients of a server: one, a room, an identity, all. Inject it (with
 * `HeartwireModule.forServer(server)`), or take `server.hub`.
 *
 * A client is there from its first word (its hello, or its first call) until its session is gone. While it
 * may come back, it stays where it is, and gets later, in order, what is pushed meanwhile.
 *
 * With the option `adapter` all of this is about the clients of all instances. What is known of those of the others
 * follows a little later than it happens.
 *
 * @example
 * hub.join(clientId, 'lobby');
 * hub.to('lobby').emit('said', { from, text });
 * hub.broadcast.except(clientId).emit('news', news);
 */
export class HeartwireHub {
  /** Everybody. */
  readonly broadcast: Broadcast;
  /** Clients as they come and go, and as they join and leave rooms. Completes when the server is closed. */
  readonly presence$: Observable<Presence>;
  /** Whether the other instances are reached: `up` or `degraded`. Begins with what holds now. */
  readonly adapterStatus$: Observable<AdapterStatus>;

  private readonly roomTable = new Rooms();
  private readonly identities = new Rooms();
  private readonly present = new Set<string>();
  private readonly presenceSubject = new Subject<Presence>();
  private readonly host: BroadcastHost;

  /** For the server: everybody else takes `server.hub`. */
  constructor(private readonly settings: HubSettings) {
    this.presence$ = this.presenceSubject.pipe(emitInOrder());
    this.adapterStatus$ = settings.instances.status$;
    this.host = {
      everybody: () => this.present,
      named: (target) => this.named(target),
      write: (pattern, data, metadata) => this.write(pattern, data, metadata),
      publish: (push) => {
        if (!this.isForOwnClients(push)) settings.instances.publish(push);
      },
      deliver: (clientId, message) => settings.connections.get(clientId)?.push(message),
    };
    this.broadcast = new Broadcast(this.host);
    settings.instances.serve({
      clients: () => this.ownClients(),
      push: (push) => this.relay(push),
      move: (clientId, room, isIn) => (isIn ? this.join(clientId, room) : this.leave(clientId, room)),
      client: (clientId) => this.client(clientId),
      tell: (presence) => this.presenceSubject.next(presence),
    });
    settings.events$.subscribe({
      next: (event) => {
        this.follow(event);
      },
      complete: () => {
        this.presenceSubject.complete();
      },
    });
  }

  /**
   * The clients that go by these names, each once. See {@link PushTarget} for what a plain text means.
   *
   * @throws HeartwireError `INVALID_OPTIONS` for what names nobody
   */
  to(...targets: readonly PushTarget[]): Broadcast {
    checkTargets(targets);
    return new Broadcast(this.host, targets);
  }

  /** One client, to be called. It is looked up with each call. */
  client(clientId: string): ClientCalls {
    const { connections, callTimeoutMs, instances } = this.settings;
    const session = (): Session | undefined => connections.get(clientId)?.session;
    return new ClientCalls(clientId, session, nodeRuntime.clock, instances.calls, callTimeoutMs);
  }

  /** The ids of the clients that are there. */
  get clients(): readonly string[] {
    return [...this.present, ...this.others.ids];
  }

  /** The rooms that somebody is in. */
  get rooms(): readonly string[] {
    return [...new Set([...this.roomTable.names, ...this.others.rooms.names])];
  }

  /** The ids of those in a room. */
  members(room: string): readonly string[] {
    return [...this.roomTable.members(room), ...this.others.rooms.members(room)];
  }

  /** The rooms that a client is in. */
  roomsOf(clientId: string): readonly string[] {
    return [...this.roomTable.of(clientId), ...this.others.rooms.of(clientId)];
  }

  /** The ids of the clients of an identity that this instance has: one that is that text, or has it as its `id`. */
  identified(identity: string): readonly string[] {
    return [...this.identities.members(identity)];
  }

  /** Whether the other instances are reached. Without an `adapter` there are none, and it is `up`. */
  get adapterStatus(): AdapterStatus {
    return this.settings.instances.status;
  }

  /**
   * Puts a client into a room. `false` when it is in there already, or gone. Where the client is connected to another
   * instance, that one is asked to, and `presence$` tells when it has.
   *
   * @throws HeartwireError `INVALID_OPTIONS` for a room that is no text
   */
  join(clientId: string, room: string): boolean {
    checkRoom(room);
    const connection = this.settings.connections.get(clientId);
    if (connection === undefined) return this.settings.instances.move(clientId, room, true);
    if (!this.roomTable.join(clientId, room)) return false;
    this.tell({ type: 'joined', clientId, identity: connection.identity, room });
    return true;
  }

  /** Takes a client out of a room. `false` when it isn't in there. For a client of another instance as `join`. */
  leave(clientId: string, room: string): boolean {
    const connection = this.settings.connections.get(clientId);
    if (connection === undefined) return this.settings.instances.move(clientId, room, false);
    if (!this.roomTable.leave(clientId, room)) return false;
    this.tell({ type: 'left', clientId, identity: connection.identity, room });
    return true;
  }

  private get others(): RemoteClients {
    return this.settings.instances.clientsElsewhere;
  }

  private tell(presence: Presence): void {
    // First: whoever is told here may do something at once, which the others must hear after this.
    this.settings.instances.tell(presence);
    this.presenceSubject.next(presence);
  }

  private ownClients(): readonly HubClient[] {
    return [...this.present].map((clientId) => ({
      clientId,
      identity: this.settings.connections.get(clientId)?.identity,
      rooms: [...this.roomTable.of(clientId)],
    }));
  }

  private isForOwnClients({ targets }: Push): boolean {
    const { connections } = this.settings;
    const isOwn = (target: PushTarget): boolean =>
      typeof target !== 'string' && 'client' in target && connections.has(target.client);
    return targets?.every(isOwn) === true;
  }

  private relay({ targets, exceptions, pattern, data, metadata }: Push): void {
    new Broadcast(this.host, targets, exceptions).relay(pattern, data, metadata);
  }

  private *named(target: PushTarget): Iterable<string> {
    const {
      client,
      room,
      identity,
    }: { readonly client?: string; readonly room?: string; readonly identity?: string } =
      typeof target === 'string' ? { client: target, room: target, identity: target } : target;
    if (client !== undefined) yield client;
    if (room !== undefined) yield* this.roomTable.members(room);
    if (identity !== undefined) yield* this.identities.members(identity);
  }

  private write(pattern: unknown, data: unknown, metadata: Metadata | undefined): Outgoing {
    const { codec, maxFrameBytes } = this.settings;
    const message = callBody(pattern, data, metadata, codec).event(undefined);
    checkSize(message, maxFrameBytes);
    return message;
  }

  private follow({ type, connection }: ConnectionEvent): void {
    const { clientId, identity } = connection;
    const name = identityName(identity);
    switch (type) {
      case 'introduced':
        this.present.add(clientId);
        if (name !== undefined) this.identities.join(clientId, name);
        this.settings.instances.tell({ type: 'connected', clientId, identity });
        // Others follow only whom they have heard of: they may not know where it was put before its first word.
        for (const room of this.roomTable.of(clientId))
          this.settings.instances.tell({ type: 'joined', clientId, identity, room });
        this.presenceSubject.next({ type: 'connected', clientId, identity });
        break;
      case 'suspended':
      case 'resumed':
        this.tell({ type, clientId, identity });
        break;
      case 'closed':
        this.closed(clientId, identity);
        break;
      case 'opened':
      case 'liveness':
        break;
    }
  }

  private closed(clientId: string, identity: unknown): void {
    this.identities.leaveAll(clientId);
    const rooms = this.roomTable.leaveAll(clientId);
    if (this.present.delete(clientId)) {
      this.tell({ type: 'disconnected', clientId, identity, rooms });
      return;
    }
    // It was put there before its first word, and never said one: the others have not heard of it.
    for (const room of rooms) this.presenceSubject.next({ type: 'left', clientId, identity, room });
  }
}
