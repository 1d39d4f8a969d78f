import { BehaviorSubject } from 'rxjs';

import type { AdapterStatus, HubAdapter, HubMember, HubNews, HubMembership } from '../options/hub-adapter.js';

/**
 * Joins the hubs of one process: give the same object to several servers. Everything is told at once, nothing is
 * copied. A server without an `adapter` has one of its own.
 *
 * @example
 * const adapter = new InProcessAdapter();
 * const tcp = new HeartwireServer({ url: 'tcp://0.0.0.0:4001', adapter });
 * const local = new HeartwireServer({ url: 'unix:///run/orders.sock', adapter });
 */
export class InProcessAdapter implements HubAdapter {
  private readonly memberships = new Map<string, InProcessMembership>();
  /** What is told while something else is being told waits for it, so that all hear the same order. */
  private readonly queue: (() => void)[] = [];
  private isTelling = false;
  private taken = 0;

  join(member: HubMember): HubMembership {
    this.taken += 1;
    const membership = new InProcessMembership(String(this.taken), member, this);
    this.tell(() => {
      for (const other of this.memberships.values()) {
        membership.member.learn(other.id, other.member.clients());
        other.member.learn(membership.id, membership.member.clients());
      }
      this.memberships.set(membership.id, membership);
    });
    return membership;
  }

  /** @internal For its memberships. */
  publish(from: InProcessMembership, news: HubNews, to: string | undefined): void {
    if (this.memberships.size < 2) return;
    this.tell(() => {
      const others = to === undefined ? [...this.memberships.values()] : [this.memberships.get(to)];
      for (const other of others) if (other !== from) other?.member.hear(from.id, news);
    });
  }

  /** @internal For its memberships. */
  leave(membership: InProcessMembership): void {
    this.tell(() => {
      if (!this.memberships.delete(membership.id)) return;
      for (const other of this.memberships.values()) other.member.lose(membership.id);
    });
  }

  private tell(task: () => void): void {
    this.queue.push(task);
    if (this.isTelling) return;
    this.isTelling = true;
    try {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) next();
    } finally {
      this.isTelling = false;
    }
  }
}

class InProcessMembership implements HubMembership {
  private readonly statusSubject = new BehaviorSubject<AdapterStatus>('up');
  readonly status$ = this.statusSubject.asObservable();
  readonly status = 'up';

  constructor(
    readonly id: string,
    readonly member: HubMember,
    private readonly adapter: InProcessAdapter,
  ) {}

  publish(news: HubNews, to?: string): void {
    this.adapter.publish(this, news, to);
  }

  close(): Promise<void> {
    this.adapter.leave(this);
    this.statusSubject.complete();
    return Promise.resolve();
  }
}
