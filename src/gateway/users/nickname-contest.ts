import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HeartwireHub } from 'heartwire';

import { UserPush } from '../../contract/user-pattern.js';
import type { LostNickname } from '../../contract/user-view.js';
import { OwnClients } from './own-clients.js';
import { hubRoom } from './user-card.js';
import { UserDirectory } from './user-directory.js';

/**
 * Two people may take one nickname at two gateways at once, before these have heard of each other. As soon as they have,
 * whoever took it first keeps it; each gateway takes it away from its own clients of the others, and tells them.
 */
@Injectable()
export class NicknameContest implements OnApplicationBootstrap {
  constructor(
    private readonly hub: HeartwireHub,
    private readonly users: UserDirectory,
    private readonly own: OwnClients,
  ) {}

  onApplicationBootstrap(): void {
    this.hub.presence$.subscribe((presence) => {
      const card = presence.type === 'joined' ? hubRoom.card(presence.room) : undefined;
      if (card !== undefined) this.decide(card.nick);
    });
  }

  private decide(nick: string): void {
    for (const client of this.own.among(this.users.latecomersCalled(nick))) {
      const lost: LostNickname = { nick: this.users.cardOf(client).nick };
      this.users.drop(client);
      this.hub.to({ client }).emit(UserPush.lostNickname, lost);
    }
  }
}
