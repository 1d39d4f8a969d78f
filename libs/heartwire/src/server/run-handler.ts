import { isObservable, type Observable, type Subscription, takeWhile } from 'rxjs';

import type { ServedCall } from '../session/served-call.js';

/** A handler as Nest registers it: what it returns may be a value, a Promise, an Observable, or a Promise of one. */
export type Handler = (data: unknown, context: object) => unknown;

/**
 * Runs a handler and brings what becomes of it to the caller. A cancelled call tears its stream
 * down. `onEnd` is called exactly once: on success, failure or cancel. The promise settles, never
 * rejecting, when the handler has returned.
 */
export function runHandler(
  handler: Handler,
  call: ServedCall,
  context: object,
  explain: (thrown: unknown) => unknown,
  onEnd?: () => void,
): Promise<void> | undefined {
  let subscription: Subscription | undefined;
  let isRunning = true;
  const end = (): void => {
    if (!isRunning) return;
    isRunning = false;
    onEnd?.();
  };
  call.onCancel = () => {
    try {
      subscription?.unsubscribe();
    } catch (error) {
      // Nobody waits for what a teardown throws: it is only logged.
      explain(error);
    }
    end();
  };
  const onResult = (result: unknown): void => {
    if (call.isSettled) return;
    if (isObservable(result)) {
      subscription = stream(result, call, onThrown, end);
    } else {
      call.next(result, true);
      end();
    }
  };
  const onThrown = (error: unknown): void => {
    call.fail(explain(error));
    end();
  };

  let result: unknown;
  try {
    result = handler(call.takeData(), context);
  } catch (error) {
    onThrown(error);
    return undefined;
  }
  if (result instanceof Promise) return result.then(onResult, onThrown);
  onResult(result);
  return undefined;
}

/** Streams an Observable. A value that is followed at once by the end goes out as the last one. */
function stream(
  source: Observable<unknown>,
  call: ServedCall,
  onThrown: (error: unknown) => void,
  end: () => void,
): Subscription {
  let held: { readonly value: unknown } | undefined;
  const release = (isLast: boolean): void => {
    if (held === undefined) return;
    const { value } = held;
    held = undefined;
    call.next(value, isLast);
  };
  return source.pipe(takeWhile(() => !call.isSettled)).subscribe({
    next: (value) => {
      if (held === undefined) {
        queueMicrotask(() => {
          release(false);
        });
      }
      release(false);
      held = { value };
    },
    error: (error) => {
      release(false);
      onThrown(error);
    },
    complete: () => {
      if (held === undefined) call.complete();
      else release(true);
      end();
    },
  });
}
