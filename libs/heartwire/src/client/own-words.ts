import type { ReplyObserver } from '../session/reply-observer.js';

/** What a subclass of Nest's ClientProxy may make of answers and errors. */
export interface OwnWords {
  response(value: unknown): unknown;
  error(error: unknown): unknown;
}

/** Tells a caller all in a subclass's own words. What these throw is what the call fails with. */
export function inOwnWords(observer: ReplyObserver, words: OwnWords): ReplyObserver {
  return {
    next: (value) => {
      let response: unknown;
      try {
        response = words.response(value);
      } catch (error) {
        observer.error(error);
        return;
      }
      observer.next(response);
    },
    error: (error) => {
      observer.error(errorInOwnWords(error, words));
    },
    complete: () => {
      observer.complete();
    },
  };
}

export function errorInOwnWords(error: unknown, words: OwnWords): unknown {
  try {
    return words.error(error);
  } catch (thrown) {
    return thrown;
  }
}
