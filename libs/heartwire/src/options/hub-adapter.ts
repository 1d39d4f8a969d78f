import type { Observable } from 'rxjs';

import type { Metadata } from '../protocol/messages.js';
import type { Presence } from './presence.js';
import type { PushTarget } from './push-target.js';

/** A client, as the instance that it is connected to knows it. */
export interface HubClient {
  readonly clientId: string;
  /** What `authenticate` said of it; `undefined` where the server doesn't ask. */
  readonly identity: unknown;
  /** Those that it is in now. */
  readonly rooms: readonly string[];
}

/** What the hub of one instance tells the others. Each takes of it what concerns its own clients. */
export type HubNews =
  | {
      readonly type: 'push';
      /** Missing for everybody. */
      readonly targets: readonly PushTarget[] | undefined;
      readonly exceptions: readonly PushTarget[];
      readonly pattern: unknown;
      readonly data: unknown;
      readonly metadata: Metadata | undefined;
    }
  /** Something happened to a client of this instance. */
  | { readonly type: 'presence'; readonly presence: Presence }
  /** Asks the client's instance to put it into a room, or to take it out. */
  | { readonly type: 'move'; readonly clientId: string; readonly room: string; readonly isIn: boolean }
  /** A call to a client of the other instance. */
  | {
      readonly type: 'call';
      /** Names the call among those of its caller. */
      readonly callId: string;
      readonly clientId: string;
      readonly pattern: unknown;
      readonly data: unknown;
      readonly metadata: Metadata | undefined;
      readonly timeoutMs: number;
    }
  /** One value of the answer to such a call. */
  | { readonly type: 'answer'; readonly callId: string; readonly data: unknown }
  /** Its end: with what it failed, if it did. */
  | { readonly type: 'answered'; readonly callId: string; readonly failure?: { readonly err: unknown } }
  /** Its caller has enough. */
  | { readonly type: 'cancel'; readonly callId: string };

/** `degraded`: other instances are not reached now. The clients of the own one are. */
export type AdapterStatus = 'up' | 'degraded';

/** A hub, as its adapter sees it. None of these throws. */
export interface HubMember {
  readonly logger: { log(message: string): void; warn(message: string): void };
  /** Those of this instance, for instances that come later, or have missed something. */
  clients(): readonly HubClient[];
  /**
   * Something that another instance has published: in the order in which it did, and once. Facts of presence only after
   * `learn`.
   */
  hear(instance: string, news: HubNews): void;
  /** All the clients that are at another instance now, in place of what was known of it. */
  learn(instance: string, clients: readonly HubClient[]): void;
  /**
   * Some of what that instance has published will never be heard here, or the other way round: calls to and from it
   * that run can't go on.
   */
  miss(instance: string): void;
  /** That instance is gone, with its clients. */
  lose(instance: string): void;
}

/** A hub's place among the others. */
export interface HubMembership {
  readonly status: AdapterStatus;
  /** Begins with what holds now, and completes with `close`. */
  readonly status$: Observable<AdapterStatus>;
  /**
   * Tells the other instances, or one of them. What can't be sent now is sent later, within the adapter's bound.
   *
   * @param to the one that is meant, by the name under which the member heard of it; missing for all
   * @throws HeartwireError `UNSERIALIZABLE`, `FRAME_TOO_LARGE`, and for a call that no room is left for `QUEUE_FULL`
   */
  publish(news: HubNews, to?: string): void;
  /** Says goodbye to the others. Leaves no connection and no timer behind. */
  close(): Promise<void>;
}

/**
 * Carries pushes and presence between the hubs of several instances (processes that serve the same clients). One
 * object may serve several servers: each that listens joins for itself.
 */
export interface HubAdapter {
  /** Called each time a server begins to listen. The member may be told something before this returns. */
  join(member: HubMember): HubMembership;
}
