import type { Puller } from './puller.js';

/**
 * Asks an iterator for its items, always in the asynchronous context in which this was called. Credit comes with other
 * messages, in whose context an async generator would go on without what an `AsyncLocalStorage` keeps for it.
 */
export function iteratorPuller(source: AsyncIterable<unknown>): Puller {
  const iterator = source[Symbol.asyncIterator]();
  return { next: inThisContext(() => iterator.next()), stop: inThisContext(() => iterator.return?.()) };
}

/** What is given to a Promise runs in the context in which it was given; what throws at once rejects. */
function inThisContext<Result>(task: () => Result): () => Promise<Awaited<Result>> {
  let run: () => void;
  let result: Promise<Awaited<Result>>;
  const prepare = (): void => {
    const asked = new Promise<void>((resolve) => (run = resolve));
    result = asked.then(() => {
      prepare();
      return task() as Awaited<Result>;
    });
  };
  prepare();
  return () => {
    const own = result;
    run();
    return own;
  };
}
