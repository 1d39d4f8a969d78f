import { Observable } from 'rxjs';

import type { Platform } from './platform.js';

/**
 * Emits whenever it may have become different whether a server can be reached: the network is back or gone, or the page
 * is seen again after its timers were slowed down or stopped (one that is brought back as it was left, too). `true` when
 * it is worth trying at once.
 */
export function watchNetwork(platform: Platform): Observable<boolean> {
  return new Observable((subscriber) => {
    const { document } = platform;
    const back = (): void => subscriber.next(true);
    const gone = (): void => subscriber.next(false);
    const seen = (): void => {
      if (document?.visibilityState === 'visible') subscriber.next(true);
    };
    platform.addEventListener?.('online', back);
    platform.addEventListener?.('offline', gone);
    document?.addEventListener('visibilitychange', seen);
    return () => {
      platform.removeEventListener?.('online', back);
      platform.removeEventListener?.('offline', gone);
      document?.removeEventListener('visibilitychange', seen);
    };
  });
}
