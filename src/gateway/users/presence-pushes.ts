import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HeartwireHub, type Presence } from 'heartwire';

import { UserPush } from '../../contract/user-pattern.js';
import type { PresenceChange } from '../../contract/user-view.js';
import { OwnClients } from './own-clients.js';
import { hubRoom, type UserCard } from './user-card.js';
import { UserDirectory } from './user-directory.js';

/**
 * Tells this gateway's users who comes and goes. The hub hears of the users of all gateways, also when one of
 * these crashes, so each gateway tells its own users and nobody else's.
 */
@Injectable()
export class PresencePushes implements OnApplicationBootstrap {
  constructor(
    private readonly hub: HeartwireHub,
    private readonly users: UserDirectory,
    private readonly own: OwnClients,
  ) {}

  onApplicationBootstrap(): void {
    this.hub.presence$.subscribe((presence) => {
      this.follow(presence);
    });
  }

  private follow(presence: Presence): void {
    const { clientId } = presence;
    if (presence.type === 'disconnected') this.gone(clientId, presence.rooms);
    if (presence.type !== 'joined' && presence.type !== 'left') return;
    const card = hubRoom.card(presence.room);
    if (card !== undefined && presence.type === 'joined') this.named(clientId, card);
    if (card !== undefined && presence.type === 'left') this.unnamed(clientId, card);
    const room = hubRoom.room(presence.room);
    const nick = this.users.findCard(clientId)?.nick;
    if (room !== undefined && nick !== undefined) this.moved(clientId, nick, presence.type, room);
  }

  /** With the first card the user comes; with a second one, beside the first, the name changes. */
  private named(clientId: string, card: UserCard): void {
    const { nick } = card;
    const before = this.users.findCard(clientId);
    if (before === undefined || before.nick === nick) {
      if (this.users.clientsOf(nick).length === 1) this.tellAll({ type: 'online', nick });
    } else {
      this.tellAll({ type: 'nick', nick, before: before.nick });
    }
  }

  /** The nickname was taken away: whoever took it first may write it otherwise. */
  private unnamed(clientId: string, { nick }: UserCard): void {
    if (this.users.findCard(clientId) !== undefined) return;
    const isCalledSo = (id: string): boolean => this.users.findCard(id)?.nick === nick;
    if (!this.users.clientsOf(nick).some(isCalledSo)) this.tellAll({ type: 'offline', nick });
  }

  private moved(clientId: string, nick: string, type: 'joined' | 'left', room: string): void {
    const others = this.users.clientsOf(nick).filter((id) => id !== clientId);
    if (!others.some((id) => this.users.isIn(id, room))) this.tell(room, { type, nick, room });
  }

  private gone(clientId: string, names: readonly string[]): void {
    const nick = names.map((name) => hubRoom.card(name)).find((card) => card !== undefined)?.nick;
    if (nick === undefined) return;
    for (const room of names.flatMap((name) => hubRoom.room(name) ?? [])) {
      this.moved(clientId, nick, 'left', room);
    }
    if (this.users.clientsOf(nick).length === 0) this.tellAll({ type: 'offline', nick });
  }

  private tell(room: string, change: PresenceChange): void {
    this.push(this.own.among(this.hub.members(hubRoom.ofRoom(room))), change);
  }

  private tellAll(change: PresenceChange): void {
    this.push(this.own.all, change);
  }

  private push(clientIds: readonly string[], change: PresenceChange): void {
    const clients = clientIds.map((client) => ({ client }));
    if (clients.length > 0) this.hub.to(...clients).emit(UserPush.presence, change);
  }
}
