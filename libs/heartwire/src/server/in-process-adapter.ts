import { BehaviorSubject } from 'rxjs';

import type { AdapterStatus, HubAdapter, HubMember, HubNews, HubSeat } from '../options/hub-adapter.js';

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
  private readonly seats = new Map<string, Seat>();
  /** What is told while something else is being told waits for it, so that all hear the same order. */
  private readonly queue: (() => void)[] = [];
  private isTelling = false;
  private taken = 0;

  join(member: HubMember): HubSeat {
    this.taken += 1;
    const seat = new Seat(String(this.taken), member, this);
    this.tell(() => {
      for (const other of this.seats.values()) {
        seat.member.learn(other.id, other.member.clients());
        other.member.learn(seat.id, seat.member.clients());
      }
      this.seats.set(seat.id, seat);
    });
    return seat;
  }

  /** @internal For its seats. */
  publish(from: Seat, news: HubNews, to: string | undefined): void {
    if (this.seats.size < 2) return;
    this.tell(() => {
      const others = to === undefined ? [...this.seats.values()] : [this.seats.get(to)];
      for (const other of others) if (other !== from) other?.member.hear(from.id, news);
    });
  }

  /** @internal For its seats. */
  leave(seat: Seat): void {
    this.tell(() => {
      if (!this.seats.delete(seat.id)) return;
      for (const other of this.seats.values()) other.member.lose(seat.id);
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

class Seat implements HubSeat {
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
