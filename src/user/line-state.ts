import {
  asyncScheduler,
  combineLatest,
  distinctUntilChanged,
  map,
  type Observable,
  of,
  type SchedulerLike,
  startWith,
  switchMap,
  timer,
} from 'rxjs';

/** How the connection is, in a word. */
export type LineState = 'alive' | 'suspect' | 'reconnecting' | 'offline';

/** How long a connection may be away until it is called `offline`, though it is still tried. In ms. */
const OFFLINE_AFTER_MS = 10_000;

/** `offline` until it was there for the first time. */
export function lineState$(
  status$: Observable<string>,
  liveness$: Observable<{ readonly state: string }>,
  scheduler: SchedulerLike = asyncScheduler,
): Observable<LineState> {
  const verdict$ = liveness$.pipe(
    map(({ state }) => state),
    startWith('alive'),
    distinctUntilChanged(),
  );
  return combineLatest([status$.pipe(distinctUntilChanged()), verdict$]).pipe(
    map(([status, state]) => {
      // One that is dead is about to be lost, and until then no better than before.
      if (status === 'connected') return state === 'alive' ? 'alive' : 'suspect';
      return status === 'reconnecting' ? 'reconnecting' : 'offline';
    }),
    distinctUntilChanged(),
    switchMap((state): Observable<LineState> => {
      if (state !== 'reconnecting') return of(state);
      const later$ = timer(OFFLINE_AFTER_MS, scheduler).pipe(map((): LineState => 'offline'));
      return later$.pipe(startWith<LineState>(state));
    }),
  );
}
