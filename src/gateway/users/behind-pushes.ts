import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HeartwireHub } from 'heartwire';
import { filter, skip } from 'rxjs';

import { UserPush } from '../../contract/user-pattern.js';
import { OwnClients } from './own-clients.js';

/**
 * Tells this gateway's users to read on, each time it hears the other gateways again. What these say before it hears them
 * for the first time never comes, and what they say meanwhile may not: a Redis that breaks down may lose some of it.
 */
@Injectable()
export class BehindPushes implements OnApplicationBootstrap {
  constructor(
    private readonly hub: HeartwireHub,
    private readonly own: OwnClients,
  ) {}

  onApplicationBootstrap(): void {
    // It begins as `up` where there are no other gateways, and until it looks for them.
    const isBack$ = this.hub.adapterStatus$.pipe(
      skip(1),
      filter((status) => status === 'up'),
    );
    isBack$.subscribe(() => {
      const clients = this.own.all.map((client) => ({ client }));
      if (clients.length > 0) this.hub.to(...clients).emit(UserPush.behind, {});
    });
  }
}
