import { Observable } from 'rxjs';

import type { PageEvent, Platform } from './platform.js';

/**
 * Emits whenever it may have become different whether a server can be reached: the network is back or gone, or the page
 * is seen again after its timers were slowed down or stopped. `true` when it is worth trying at once.
 */
export function watchNetwork(platform: Platform): Observable<boolean> {
  return new Observable((subscriber) => {
    const { document } = platform;
    const back = (): void => subscriber.next(true);
    const gone = (): void => subscriber.next(false);
    // A page tells it whenever it has loaded, too: then it is connecting already.
    const shown = ({ persisted }: PageEvent): void => {
      if (persisted === true) back();
    };
    const seen = (): void => {
      if (document?.visibilityState === 'visible') subscriber.next(true);
    };
    platform.addEventListener?.('online', back);
    platform.addEventListener?.('offline', gone);
    platform.addEventListener?.('pageshow', shown);
    document?.addEventListener('visibilitychange', seen);
    return () => {
      platform.removeEventListener?.('online', back);
      platform.removeEventListener?.('offline', gone);
      platform.removeEventListener?.('pageshow', shown);
      document?.removeEventListener('visibilitychange', seen);
    };
  });
}
