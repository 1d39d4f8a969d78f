import type { ReplyObserver } from '../session/reply-observer.js';

/** What a subclass of Nest's ClientProxy may make of answers and errors. */
export interface ResponseTransform {
  response(value: unknown): unknown;
  error(error: unknown): unknown;
}

/** Tells a caller all in a subclass's own words. What these throw is what the call fails with. */
export function transformedObserver(observer: ReplyObserver, words: ResponseTransform): ReplyObserver {
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
      observer.error(transformedError(error, words));
    },
    complete: () => {
      observer.complete();
    },
  };
}

export function transformedError(error: unknown, words: ResponseTransform): unknown {
  try {
    return words.error(error);
  } catch (thrown) {
    return thrown;
  }
}
