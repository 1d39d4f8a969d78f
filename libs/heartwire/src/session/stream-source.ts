import { isObservable, type Observable } from 'rxjs';

import { iteratorPuller } from './iterator-puller.js';
import type { Puller } from './puller.js';
import { isReadable, ReadablePuller } from './readable-puller.js';

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

/** @throws TypeError when the source is being read elsewhere already */
export function pullerOf(source: PullSource): Puller {
  // By its reader, as its iterator would only stop once an item that is awaited has come.
  if ('getReader' in source) return readerPuller(source);
  if (isReadable(source)) return new ReadablePuller(source);
  return iteratorPuller(source);
}

/** Tells a source that nobody will read it. An Observable has not begun. */
export function stopUnused(source: StreamSource, onError: (error: unknown) => void): void {
  if (!isPullSource(source)) return;
  try {
    pullerOf(source).stop().catch(onError);
  } catch (error) {
    onError(error);
  }
}

function readerPuller(source: WebStream<unknown>): Puller {
  const reader = source.getReader();
  return { next: () => reader.read(), stop: () => reader.cancel() };
}
