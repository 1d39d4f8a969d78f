import { type Observable, switchMap, timer } from 'rxjs';

import { byId } from './element.js';

const SHOWN_MS = 8_000;

/** Tells the user what has failed, for a while. */
export function showNotices(notices$: Observable<string>): void {
  const notice = byId('notice', HTMLElement);
  const clear$ = notices$.pipe(switchMap(() => timer(SHOWN_MS)));
  notices$.subscribe((text) => {
    notice.textContent = text;
  });
  clear$.subscribe(() => {
    notice.textContent = '';
  });
}
