import { filter, Observable } from 'rxjs';

import type { FollowPage } from '../contract/chat-message.js';
import { HISTORY_DEFAULT, HISTORY_MAX } from '../contract/history.dto.js';
import type { FollowedStore } from './store/shared-reads.js';

/**
 * First what the room has after a cursor (or its recent messages), then what comes, for as long as the store is open.
 * The first page comes at once; later ones are never empty. However much happens while it reads, it reads once more.
 */
export function followRoom(
  store: FollowedStore,
  room: string,
  after: string | undefined,
): Observable<FollowPage> {
  return new Observable((subscriber) => {
    let cursor = after;
    let isFirst = true;
    let isReading = false;
    let isBehind = false;

    const readPage = async (): Promise<void> => {
      const range = cursor === undefined ? { limit: HISTORY_DEFAULT } : { limit: HISTORY_MAX, after: cursor };
      const page = await store.read(room, range);
      ({ cursor } = page);
      if (page.messages.length === HISTORY_MAX) isBehind = true;
      if (isFirst || page.messages.length > 0) subscriber.next(page);
      isFirst = false;
    };
    const catchUp = async (): Promise<void> => {
      isBehind = true;
      if (isReading) return;
      isReading = true;
      while (isBehind && !subscriber.closed) {
        isBehind = false;
        await readPage();
      }
      isReading = false;
    };
    const look = (): void => {
      catchUp().catch((error: unknown) => {
        subscriber.error(error);
      });
    };

    const changes$ = store.changed$.pipe(filter((changed) => changed === undefined || changed === room));
    subscriber.add(changes$.subscribe({ next: look, complete: () => subscriber.complete() }));
    look();
  });
}
