import type { Observable } from 'rxjs';

import { type IncomingStream, ItemStream } from '../session/incoming-stream.js';

/** Nest's own refusal of a call without pattern or data. */
export function refused<T>(failing: Observable<T>): IncomingStream<T> {
  return new ItemStream<T>((observer) => {
    failing.subscribe(observer);
    return undefined;
  });
}

/** What no call can do without, as Nest sees it. */
export function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
