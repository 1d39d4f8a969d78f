import { BehaviorSubject, type Observable } from 'rxjs';

import { messageOf } from '../errors/thrown.js';
import type {
  AdapterStatus,
  HubAdapter,
  HubClient,
  HubMember,
  HubNews,
  HubMembership,
} from '../options/hub-adapter.js';
import type { Presence } from '../options/presence.js';
import type { Push } from './broadcast.js';
import type { ClientCalls } from './client-calls.js';
import { RelayedAnswers } from './relayed-answers.js';
import { RelayedCalls } from './relayed-calls.js';
import { RemoteClients } from './remote-clients.js';

/** What the instances need of the hub of this one. */
export interface OwnSide {
  clients(): readonly HubClient[];
  /** To the clients of this instance. @throws HeartwireError when this instance can't write it down */
  push(push: Push): void;
  move(clientId: string, room: string, isIn: boolean): void;
  client(clientId: string): ClientCalls;
  /** Something happened to a client of another instance. */
  tell(presence: Presence): void;
}

/** This instance among the others: what it tells them, and what it knows of them. */
export class Instances implements HubMember {
  readonly clientsElsewhere = new RemoteClients();
  readonly calls: RelayedCalls;
  readonly status$: Observable<AdapterStatus>;

  private readonly statusSubject = new BehaviorSubject<AdapterStatus>('up');
  private readonly answers: RelayedAnswers;
  private own: OwnSide | undefined;
  private membership: HubMembership | undefined;
  private hasMissedPush = false;

  constructor(
    private readonly adapter: HubAdapter,
    readonly logger: HubMember['logger'],
  ) {
    this.status$ = this.statusSubject.asObservable();
    const publish = (news: HubNews, to: string): void => {
      this.publish(news, to);
    };
    this.calls = new RelayedCalls((clientId) => this.clientsElsewhere.instanceOf(clientId), publish);
    this.answers = new RelayedAnswers((clientId) => this.own?.client(clientId), publish);
  }

  get status(): AdapterStatus {
    return this.statusSubject.value;
  }

  /** For the hub: whose clients these are. To be called once, before `join`. */
  serve(own: OwnSide): void {
    this.own = own;
  }

  /** From here on the others are reached. */
  join(): void {
    this.membership = this.adapter.join(this);
    this.membership.status$.subscribe((status) => {
      if (status !== this.status) this.statusSubject.next(status);
    });
  }

  /** For good. */
  async close(): Promise<void> {
    await this.leave();
    this.statusSubject.complete();
  }

  /** Says goodbye to the others, and forgets them. It may join them again. */
  async leave(): Promise<void> {
    this.forgetOthers();
    this.answers.close();
    await this.membership?.close();
    this.membership = undefined;
    // Something may have come in until now.
    this.forgetOthers();
  }

  /** @throws HeartwireError as `HubMembership.publish` */
  publish(news: HubNews, to?: string): void {
    this.membership?.publish(news, to);
  }

  /** Something happened to a client of this instance. */
  tell(presence: Presence): void {
    // The others know the rooms that it was in.
    const told = presence.type === 'disconnected' ? { ...presence, rooms: [] } : presence;
    try {
      this.publish({ type: 'presence', presence: told });
    } catch (error) {
      this.logger.warn(`The other instances don't hear of ${presence.clientId}: ${messageOf(error)}`);
    }
  }

  /** Asks the instance of a client to move it. `false` when there is nothing to do, or nobody. */
  move(clientId: string, room: string, isIn: boolean): boolean {
    const instance = this.clientsElsewhere.instanceOf(clientId);
    if (instance === undefined || this.clientsElsewhere.rooms.of(clientId).has(room) === isIn) return false;
    this.publish({ type: 'move', clientId, room, isIn }, instance);
    return true;
  }

  clients(): readonly HubClient[] {
    return this.own?.clients() ?? [];
  }

  hear(instance: string, news: HubNews): void {
    switch (news.type) {
      case 'push':
        this.push(news);
        break;
      case 'presence':
        this.tellAll(this.clientsElsewhere.follow(instance, news.presence));
        break;
      case 'move':
        // Only where the client is: otherwise two instances that are both wrong would ask each other for ever.
        if (this.clientsElsewhere.instanceOf(news.clientId) === undefined)
          this.own?.move(news.clientId, news.room, news.isIn);
        break;
      case 'call':
        this.answers.serve(instance, news);
        break;
      case 'cancel':
        this.answers.cancel(instance, news.callId);
        break;
      case 'answer':
      case 'answered':
        this.calls.hear(instance, news);
        break;
    }
  }

  learn(instance: string, clients: readonly HubClient[]): void {
    this.tellAll(this.clientsElsewhere.learn(instance, clients));
  }

  miss(instance: string): void {
    this.calls.miss(instance);
    this.answers.miss(instance);
  }

  lose(instance: string): void {
    this.tellAll(this.clientsElsewhere.lose(instance));
    this.calls.lose(instance);
    this.answers.lose(instance);
  }

  private forgetOthers(): void {
    // First: whoever hears that a call has failed may make it again there and then, and nobody would answer.
    this.clientsElsewhere.clear();
    this.calls.close();
  }

  private push(push: Push): void {
    try {
      this.own?.push(push);
    } catch (error) {
      // It takes shorter messages than the other instance, or its serializer refuses it: that is told once.
      if (!this.hasMissedPush)
        this.logger.warn(`A push of another instance can't be passed on: ${messageOf(error)}`);
      this.hasMissedPush = true;
    }
  }

  private tellAll(presences: readonly Presence[]): void {
    for (const presence of presences) this.own?.tell(presence);
  }
}
