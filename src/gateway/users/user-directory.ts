import { Injectable } from '@nestjs/common';
import { HeartwireHub } from 'heartwire';

import { ChatLimits } from '../../contract/chat-limits.js';
import { UserFault } from '../../contract/user-pattern.js';
import { hubRoom, type UserCard } from './user-card.js';
import { UserRefusal } from './user-refusal.js';

/**
 * Who is where. All of it is in the hub, so that it holds for the users of every gateway that shares one, and goes with
 * the users. One user may have several clients, and counts once.
 */
@Injectable()
export class UserDirectory {
  constructor(private readonly hub: HeartwireHub) {}

  /** @throws UserRefusal `NO_NICKNAME` */
  cardOf(clientId: string): UserCard {
    const card = this.findCard(clientId);
    if (card === undefined) throw new UserRefusal(UserFault.noNickname, 'say who you are first');
    return card;
  }

  findCard(clientId: string): UserCard | undefined {
    return this.cardsOf(clientId)[0];
  }

  /** @throws UserRefusal `NICKNAME_TAKEN` */
  take(clientId: string, nick: string, owner: string): UserCard {
    const { hub } = this;
    const isTaken = this.clientsOf(nick).some((id) => this.findCard(id)?.owner !== owner);
    if (isTaken) throw new UserRefusal(UserFault.nicknameTaken, `somebody else is called "${nick}"`);
    const before = this.findCard(clientId);
    if (before?.nick === nick && before.owner === owner) return before;
    const card = { nick, owner, since: new Date().toISOString() };
    hub.join(clientId, hubRoom.ofNick(nick));
    // The new card comes while the old one is there: whoever watches sees a change of name.
    hub.join(clientId, hubRoom.ofCard(card));
    if (before === undefined) return card;
    hub.leave(clientId, hubRoom.ofCard(before));
    if (hubRoom.ofNick(before.nick) !== hubRoom.ofNick(nick))
      hub.leave(clientId, hubRoom.ofNick(before.nick));
    return card;
  }

  /** Clients that are called so though somebody else took the nickname before their users did. */
  latecomersCalled(nick: string): readonly string[] {
    const called = this.clientsOf(nick).flatMap((clientId) => {
      const card = this.cardsOf(clientId).find((each) => hubRoom.ofNick(each.nick) === hubRoom.ofNick(nick));
      return card === undefined ? [] : [{ clientId, ...card }];
    });
    const [first] = called.toSorted((one, other) => (comesBefore(one, other) ? -1 : 1));
    return called.filter(({ owner }) => owner !== first?.owner).map(({ clientId }) => clientId);
  }

  /** Takes a client's nickname away; nobody without one is in a room. */
  drop(clientId: string): void {
    for (const room of this.roomsOf(clientId)) this.exit(clientId, room);
    for (const card of this.cardsOf(clientId)) {
      this.hub.leave(clientId, hubRoom.ofCard(card));
      this.hub.leave(clientId, hubRoom.ofNick(card.nick));
    }
  }

  /** @throws UserRefusal `ROOM_FULL`, `TOO_MANY_ROOMS` */
  enter(clientId: string, room: string): void {
    if (this.isIn(clientId, room)) return;
    if (this.clientsIn(room).length >= ChatLimits.membersPerRoom) {
      throw new UserRefusal(
        UserFault.roomFull,
        `${String(ChatLimits.membersPerRoom)} are in ${room} already`,
      );
    }
    if (this.roomsOf(clientId).length >= ChatLimits.roomsPerUser) {
      const message = `you are in ${String(ChatLimits.roomsPerUser)} rooms already: leave one first`;
      throw new UserRefusal(UserFault.tooManyRooms, message);
    }
    this.hub.join(clientId, hubRoom.ofRoom(room));
  }

  exit(clientId: string, room: string): void {
    this.hub.leave(clientId, hubRoom.ofRoom(room));
  }

  isIn(clientId: string, room: string): boolean {
    return this.hub.roomsOf(clientId).includes(hubRoom.ofRoom(room));
  }

  /** The rooms that somebody is in. */
  get rooms(): readonly string[] {
    return this.hub.rooms.flatMap((name) => hubRoom.room(name) ?? []);
  }

  roomsOf(clientId: string): readonly string[] {
    return this.hub.roomsOf(clientId).flatMap((name) => hubRoom.room(name) ?? []);
  }

  /** Nicknames, in order. */
  members(room: string): readonly string[] {
    const nicks = this.clientsIn(room).flatMap((id) => this.findCard(id)?.nick ?? []);
    return [...new Set(nicks)].sort((one, other) => one.localeCompare(other));
  }

  /** Everybody who has a nickname, each once. */
  get people(): readonly UserCard[] {
    const nicks = this.hub.rooms.filter((name) => hubRoom.isNick(name));
    const cards = nicks.flatMap((name) => this.hub.members(name).map((id) => this.findCard(id))[0] ?? []);
    return cards.sort((one, other) => one.nick.localeCompare(other.nick));
  }

  clientsOf(nick: string): readonly string[] {
    return this.hub.members(hubRoom.ofNick(nick));
  }

  /** More than one while the name is being changed: the old one first. */
  private cardsOf(clientId: string): readonly UserCard[] {
    return this.hub.roomsOf(clientId).flatMap((name) => hubRoom.card(name) ?? []);
  }

  private clientsIn(room: string): readonly string[] {
    return this.hub.members(hubRoom.ofRoom(room));
  }
}

/** The same at every gateway, also for two who took it in the same millisecond. */
function comesBefore(one: UserCard, other: UserCard): boolean {
  return one.since === other.since ? one.owner < other.owner : one.since < other.since;
}
