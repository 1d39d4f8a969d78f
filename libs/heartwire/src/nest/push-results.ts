import { AsyncLocalStorage } from 'node:async_hooks';

import { fromEvent, isObservable, lastValueFrom, map, takeUntil } from 'rxjs';

import type { HeartwirePushContext } from '../client/push-context.js';
import { iteratorPuller } from '../session/iterator-puller.js';

/**
 * What the methods of pushes give. Nest waits for the end of an Observable with a Promise, which nobody could stop:
 * so it is ended here when its caller gives up.
 */
export class PushResults {
  /** Nest tells whoever makes a result of an Observable nothing of the call. */
  private readonly served = new AsyncLocalStorage<HeartwirePushContext>();

  /** Runs a method, and what Nest puts around it. */
  during(context: HeartwirePushContext, run: () => unknown): unknown {
    return this.served.run(context, run);
  }

  /** As with handlers, an Observable may end without a value, and then the answer has none. */
  of(result: unknown): unknown {
    if (!isObservable(result)) return result;
    const signal = this.served.getStore()?.signal;
    if (signal === undefined || signal.aborted) return undefined;
    const own$ = result.pipe(map(inThisContext), takeUntil(fromEvent(signal, 'abort')));
    return lastValueFrom(own$, { defaultValue: undefined });
  }
}

/** An interceptor may run a method within an `AsyncLocalStorage`, which the Promise would lose: a generator runs there. */
function inThisContext(value: unknown): unknown {
  if (!isGenerator(value)) return value;
  const puller = iteratorPuller(value);
  const iterator = { next: () => puller.next(), return: () => puller.stop() };
  return { [Symbol.asyncIterator]: () => iterator };
}

function isGenerator(value: unknown): value is AsyncGenerator {
  return Object.prototype.toString.call(value) === '[object AsyncGenerator]';
}
