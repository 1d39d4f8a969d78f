import type { FollowPage } from '../../contract/chat-message.js';
import type { MessageStore, Range } from './message-store.js';

/** What a follower needs of a store. */
export type FollowedStore = Pick<MessageStore, 'read' | 'changed$'>;

/**
 * A message wakes all who follow its room, and most of them then want the same page. Those that ask for it between two
 * changes, while it is being read, share one reading.
 */
export class SharedReads implements FollowedStore {
  readonly changed$: MessageStore['changed$'];
  private readonly running = new Map<string, Promise<FollowPage>>();

  constructor(private readonly store: FollowedStore) {
    this.changed$ = store.changed$;
    // Before any follower hears of it: what is being read may not have it.
    store.changed$.subscribe(() => this.running.clear());
  }

  read(room: string, range: Range): Promise<FollowPage> {
    const key = JSON.stringify([room, range.limit, range.after]);
    const shared = this.running.get(key);
    if (shared !== undefined) return shared;
    const reading = this.store.read(room, range).finally(() => {
      if (this.running.get(key) === reading) this.running.delete(key);
    });
    this.running.set(key, reading);
    return reading;
  }
}
