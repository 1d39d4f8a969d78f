import { type MonoTypeOperatorFunction, observeOn, pipe, queueScheduler, share } from 'rxjs';

/**
 * Tells everybody of one event before anybody hears of the next. A plain Subject doesn't, where a listener brings about
 * another event: those after it hear of that one first.
 */
export function toldInOrder<T>(): MonoTypeOperatorFunction<T> {
  return pipe(observeOn(queueScheduler), share());
}
