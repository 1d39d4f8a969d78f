import { type MonoTypeOperatorFunction, Observable, pipe, share } from 'rxjs';

/**
 * Tells everybody of one event before anybody hears of the next. A plain Subject doesn't, where a listener brings about
 * another event: those after it hear of that one first. (Nor does `queueScheduler`, where one event is told within
 * another: all wait in its one queue.)
 */
export function emitInOrder<T>(): MonoTypeOperatorFunction<T> {
  return pipe(oneByOne, share());
}

function oneByOne<T>(source: Observable<T>): Observable<T> {
  return new Observable((observer) => {
    const waiting: (() => void)[] = [];
    let isTelling = false;
    const tell = (task: () => void): void => {
      waiting.push(task);
      if (isTelling) return;
      isTelling = true;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
      isTelling = false;
    };
    return source.subscribe({
      next: (event) => {
        tell(() => {
          observer.next(event);
        });
      },
      complete: () => {
        tell(() => {
          observer.complete();
        });
      },
    });
  });
}
