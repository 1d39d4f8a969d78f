import { isObservable, type Observable } from 'rxjs';

/** A Web `ReadableStream`, as far as it is used here: not every platform makes it iterable. */
interface WebStream<T> {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: T | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/**
 * Where the items of a stream come from: an Observable, which pushes them; or an `AsyncIterable` (an
 * async generator, a Node `Readable`) or a Web `ReadableStream`, which is asked for each.
 */
export type StreamSource<T = unknown> = Observable<T> | AsyncIterable<T> | WebStream<T>;

/** A source that is asked for each item. */
export type PullSource = AsyncIterable<unknown> | WebStream<unknown>;

export function isStreamSource(value: unknown): value is StreamSource {
  return isPullSource(value) || isObservable(value);
}

export function isPullSource(value: unknown): value is PullSource {
  if (typeof value !== 'object' || value === null) return false;
  const { getReader } = value as { readonly getReader?: unknown };
  return Symbol.asyncIterator in value || typeof getReader === 'function';
}

/** What comes next of a pull source, and how it is told that nothing more is wanted. */
export interface Puller {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  stop(): Promise<unknown>;
}

export function pullerOf(source: PullSource): Puller {
  if (Symbol.asyncIterator in source) return iteratorPuller(source);
  const reader = source.getReader();
  return { next: () => reader.read(), stop: () => reader.cancel() };
}

function iteratorPuller(source: AsyncIterable<unknown>): Puller {
  const iterator = source[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    stop: async () => {
      // A Readable that was never read from is not destroyed by its iterator.
      const { destroy } = source as { readonly destroy?: unknown };
      if (typeof destroy === 'function') destroy.call(source);
      await iterator.return?.();
    },
  };
}
