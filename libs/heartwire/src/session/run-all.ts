import { catchError, concat, defer, EMPTY, forkJoin, mergeMap, Observable, of, throwError } from 'rxjs';

import type { Handler } from './run-handler.js';
import { runToEnd } from './run-to-end.js';
import { isStreamSource, type StreamSource } from './stream-source.js';

/**
 * One handler that runs them all, and is done when each is: one that ends early, without a value or
 * with an error, stops none of the others. It fails with the first error. `stoppedWith` hears what one of
 * them throws when it is stopped.
 */
export function runAll(handlers: readonly Handler[], stoppedWith: (error: unknown) => void): Handler {
  return (data, context) => {
    const errors: unknown[] = [];
    const runs = handlers.map((handler) =>
      concat(
        run(handler, data, context, stoppedWith).pipe(
          catchError((error: unknown) => {
            errors.push(error);
            return EMPTY;
          }),
        ),
        of(undefined),
      ),
    );
    return forkJoin(runs).pipe(
      mergeMap(() => (errors.length === 0 ? of(undefined) : throwError(() => errors[0]))),
    );
  };
}

function run(
  handler: Handler,
  data: unknown,
  context: object,
  stoppedWith: (error: unknown) => void,
): Observable<never> {
  return defer(() => Promise.resolve(handler(data, context))).pipe(
    mergeMap((result) => (isStreamSource(result) ? drained(result, stoppedWith) : EMPTY)),
  );
}

function drained(source: StreamSource, stoppedWith: (error: unknown) => void): Observable<never> {
  return new Observable((subscriber) => {
    const feed = runToEnd(source, {
      ended: () => {
        subscriber.complete();
      },
      failed: (error) => {
        subscriber.error(error);
      },
      stoppedWith,
    });
    return () => {
      feed.stop();
    };
  });
}
