import {
  catchError,
  concat,
  defer,
  EMPTY,
  forkJoin,
  ignoreElements,
  mergeMap,
  type Observable,
  of,
  throwError,
} from 'rxjs';

import type { Handler } from './run-handler.js';
import { isStreamSource, itemsOf } from './stream-source.js';

/**
 * One handler that runs them all, and is done when each is: one that ends early, without a value or
 * with an error, stops none of the others. It fails with the first error.
 */
export function runAll(handlers: readonly Handler[]): Handler {
  return (data, context) => {
    const errors: unknown[] = [];
    const runs = handlers.map((handler) =>
      concat(
        run(handler, data, context).pipe(
          ignoreElements(),
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

function run(handler: Handler, data: unknown, context: object): Observable<unknown> {
  return defer(() => Promise.resolve(handler(data, context))).pipe(
    mergeMap((result) => (isStreamSource(result) ? itemsOf(result) : EMPTY)),
  );
}
