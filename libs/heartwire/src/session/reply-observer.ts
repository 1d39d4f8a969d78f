import { throwError } from 'rxjs';

/** Who gets a call's outcome: values, then exactly one of `error` and `complete`. RxJS's Subscriber fits. */
export interface ReplyObserver {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/**
 * Tells a caller something. A callback or a teardown of it that throws harms no other call: RxJS is told of it, as of
 * any callback that throws.
 */
export function tell(observer: ReplyObserver | undefined, news: (observer: ReplyObserver) => void): void {
  if (observer === undefined) return;
  try {
    news(observer);
  } catch (error) {
    unheard(error);
  }
}

/** For RxJS's `config.onUnhandledError`. */
export function unheard(error: unknown): void {
  throwError(() => error).subscribe();
}
