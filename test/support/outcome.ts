import { lastValueFrom, materialize, type Observable, toArray } from 'rxjs';

/** What an Observable did, from its subscription to its end. */
export interface Outcome<T = unknown> {
  readonly values: readonly T[];
  readonly end: 'complete' | 'error';
  /** What it failed with; `undefined` when it completed. */
  readonly error: unknown;
}

/** Waits for the end of an Observable, whichever it is. */
export async function outcomeOf<T>(source$: Observable<T>): Promise<Outcome<T>> {
  const notifications = await lastValueFrom(source$.pipe(materialize(), toArray()));
  const values: T[] = [];
  for (const notification of notifications) {
    if (notification.kind === 'N') values.push(notification.value);
    if (notification.kind === 'E') return { values, end: 'error', error: notification.error };
  }
  return { values, end: 'complete', error: undefined };
}

/** What an Observable fails with. @throws Error when it completes instead. */
export async function errorOf(source$: Observable<unknown>): Promise<unknown> {
  const { end, values, error } = await outcomeOf(source$);
  if (end === 'complete') throw new Error(`completed with ${JSON.stringify(values)} instead of failing`);
  return error;
}
