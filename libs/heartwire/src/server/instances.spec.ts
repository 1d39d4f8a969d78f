import { describe, expect, it } from '@jest/globals';
import { BehaviorSubject } from 'rxjs';

import type { AdapterStatus, HubAdapter, HubSeat } from '../options/hub-adapter.js';
import { Instances } from './instances.js';

/** Its seats are `up` when they are told so. */
class SlowAdapter implements HubAdapter {
  private readonly seats: BehaviorSubject<AdapterStatus>[] = [];

  join(): HubSeat {
    const status$ = new BehaviorSubject<AdapterStatus>('degraded');
    this.seats.push(status$);
    return {
      get status() {
        return status$.value;
      },
      status$,
      publish: () => undefined,
      close: () => {
        status$.complete();
        return Promise.resolve();
      },
    };
  }

  reach(): void {
    this.seats.at(-1)?.next('up');
  }
}

function followed(): { adapter: SlowAdapter; instances: Instances; told: string[] } {
  const adapter = new SlowAdapter();
  const instances = new Instances(adapter, { log: () => undefined, warn: () => undefined });
  const told: string[] = [];
  instances.status$.subscribe({ next: (status) => told.push(status), complete: () => told.push('complete') });
  return { adapter, instances, told };
}

describe('the instances', () => {
  it('tell on how they are reached when they are left and joined again, as by a server that could not listen at first', async () => {
    const { adapter, instances, told } = followed();
    instances.join();
    await instances.leave();
    instances.join();
    adapter.reach();
    expect(told).toEqual(['up', 'degraded', 'up']);
    expect(instances.status).toBe('up');
    await instances.close();
  });

  it('tell nothing more once they are left for good', async () => {
    const { instances, told } = followed();
    instances.join();
    await instances.close();
    expect(told).toEqual(['up', 'degraded', 'complete']);
  });
});
