import { type Observable, Subject } from 'rxjs';

import { nodeRuntime } from '../link/node-runtime.js';
import type { Outgoing } from '../protocol/frame-encoder.js';
import type { Metadata } from '../protocol/messages.js';
import { callBody } from '../session/call-body.js';
import type { Codec } from '../session/codec.js';
import { checkSize } from '../session/message-size.js';
import { Broadcast, type BroadcastHost, type PushTarget } from './broadcast.js';
import { ClientCalls } from './client-calls.js';
import type { ConnectionEvent } from './connection-event.js';
import { identityName } from './identity-name.js';
import type { Presence } from './presence.js';
import { Rooms } from './rooms.js';
import type { ServerConnection } from './server-connection.js';

/** What a hub knows of its server. */
export interface HubSettings {
  /** By their ids, those included that have not said a word yet. */
  readonly connections: ReadonlyMap<string, ServerConnection>;
  readonly events$: Observable<ConnectionEvent>;
  readonly codec: Codec | undefined;
  readonly maxFrameBytes: number;
}

/**
 * Reaches the clients of a server: one, a room, an identity, all. Inject it (with
 * `HeartwireModule.forServer(server)`), or take `server.hub`.
 *
 * A client is there from its first word (its hello, or its first call) until its session is gone. While it
 * may come back, it stays where it is, and gets later, in order, what is pushed meanwhile.
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

  private readonly roomTable = new Rooms();
  private readonly identities = new Rooms();
  private readonly present = new Set<string>();
  private readonly presenceSubject = new Subject<Presence>();
  private readonly host: BroadcastHost;

  /** For the server: everybody else takes `server.hub`. */
  constructor(private readonly settings: HubSettings) {
    this.presence$ = this.presenceSubject.asObservable();
    this.host = {
      everybody: () => this.present,
      named: (target) => this.named(target),
      write: (pattern, data, metadata) => this.write(pattern, data, metadata),
      deliver: (clientId, message) => settings.connections.get(clientId)?.push(message),
    };
    this.broadcast = new Broadcast(this.host);
    settings.events$.subscribe({
      next: (event) => {
        this.follow(event);
      },
      complete: () => {
        this.presenceSubject.complete();
      },
    });
  }

  /** The clients that go by these names, each once. See {@link PushTarget} for what a plain text means. */
  to(...targets: readonly PushTarget[]): Broadcast {
    return new Broadcast(this.host, targets);
  }

  /** One client, to be called. It is looked up with each call. */
  client(clientId: string): ClientCalls {
    return new ClientCalls(
      clientId,
      () => this.settings.connections.get(clientId)?.session,
      nodeRuntime.clock,
    );
  }

  /** The ids of the clients that are there. */
  get clients(): readonly string[] {
    return [...this.present];
  }

  /** The rooms that somebody is in. */
  get rooms(): readonly string[] {
    return this.roomTable.names;
  }

  /** The ids of those in a room. */
  members(room: string): readonly string[] {
    return [...this.roomTable.members(room)];
  }

  /** The rooms that a client is in. */
  roomsOf(clientId: string): readonly string[] {
    return [...this.roomTable.of(clientId)];
  }

  /** Puts a client into a room. `false` when it is in there already, or gone. */
  join(clientId: string, room: string): boolean {
    const connection = this.settings.connections.get(clientId);
    if (connection === undefined || !this.roomTable.join(clientId, room)) return false;
    this.presenceSubject.next({ type: 'joined', clientId, identity: connection.identity, room });
    return true;
  }

  /** Takes a client out of a room. `false` when it isn't in there. */
  leave(clientId: string, room: string): boolean {
    if (!this.roomTable.leave(clientId, room)) return false;
    const identity = this.settings.connections.get(clientId)?.identity;
    this.presenceSubject.next({ type: 'left', clientId, identity, room });
    return true;
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
        this.presenceSubject.next({ type: 'connected', clientId, identity });
        break;
      case 'suspended':
      case 'resumed':
        this.presenceSubject.next({ type, clientId, identity });
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
    if (this.present.delete(clientId))
      this.presenceSubject.next({ type: 'disconnected', clientId, identity, rooms });
  }
}
