import { Observable, type Unsubscribable } from 'rxjs';

import { Fifo } from './fifo.js';
import type { ReplyObserver } from './reply-observer.js';

/** A stream that was opened. */
export interface StreamHandle extends Unsubscribable {
  /** The consumer has taken one item and can take another. */
  taken(): void;
}

/** Opens a stream: items go to the observer, and one that `pulls` says when it has taken them. */
export type OpenStream = (observer: ReplyObserver, pulls: boolean) => StreamHandle | undefined;

/** How a stream has ended. */
export interface StreamEnd {
  readonly isFailure: boolean;
  /** What it failed with. */
  readonly error?: unknown;
}

/**
 * The items that the other end sends: an Observable that is also an AsyncIterable. `heartwire/browser` exports it. `heartwire`
 * can't, as the name is its decorator's there: so its public methods spell the type out, and users' declarations that are
 * derived from them can name it.
 */
export type IncomingStream<T> = Observable<T> & AsyncIterable<T>;

/**
 * The items that the other end sends. A subscription takes them as fast as they come. Iteration takes
 * one after the other: the other end waits for a consumer that is slow (docs/protocol.md, section 5).
 * To leave either early ends the source at the other end.
 *
 * @example
 * for await (const line of client.send<string>('logs.tail', query)) console.log(line);
 */
export class ItemStream<T> extends Observable<T> implements AsyncIterable<T> {
  constructor(private readonly open: OpenStream) {
    super((subscriber) => open(subscriber, false));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new StreamIterator<T>(this.open);
  }
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Opens the stream with the first `next()`. What comes before it is asked for is bounded by the credit. */
class StreamIterator<T> implements AsyncIterableIterator<T> {
  private readonly items = new Fifo<T>();
  private readonly waiters = new Fifo<Waiter<T>>();
  private handle: StreamHandle | undefined;
  private isOpen = false;
  private outcome: StreamEnd | undefined;

  constructor(private readonly open: OpenStream) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (!this.isOpen) this.begin();
    if (this.items.length > 0) {
      const value = this.items.shift() as T;
      this.handle?.taken();
      return Promise.resolve({ done: false, value });
    }
    if (this.outcome === undefined) {
      return new Promise((resolve, reject) => {
        this.waiters.push({ resolve, reject });
      });
    }
    const { isFailure, error } = this.outcome;
    this.outcome = { isFailure: false };
    // What was thrown at the other end arrives as it was thrown.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return isFailure ? Promise.reject(error) : Promise.resolve(DONE);
  }

  return(): Promise<IteratorResult<T>> {
    this.isOpen = true;
    this.items.clear();
    this.handle?.unsubscribe();
    this.finish({ isFailure: false });
    // Nobody is told of a failure that came before.
    this.outcome = { isFailure: false };
    return Promise.resolve(DONE);
  }

  private begin(): void {
    this.isOpen = true;
    this.handle = this.open(
      {
        next: (value) => {
          this.arrived(value as T);
        },
        error: (error) => {
          this.finish({ isFailure: true, error });
          // It may be this end that failed, and the other end that goes on.
          this.handle?.unsubscribe();
        },
        complete: () => {
          this.finish({ isFailure: false });
        },
      },
      true,
    );
  }

  private arrived(value: T): void {
    if (this.outcome !== undefined) return;
    const waiter = this.waiters.shift();
    if (waiter === undefined) {
      this.items.push(value);
    } else {
      waiter.resolve({ done: false, value });
      this.handle?.taken();
    }
  }

  private finish(outcome: StreamEnd): void {
    if (this.outcome !== undefined) return;
    let { isFailure } = outcome;
    for (let waiter = this.waiters.shift(); waiter !== undefined; waiter = this.waiters.shift()) {
      if (isFailure) waiter.reject(outcome.error);
      else waiter.resolve(DONE);
      isFailure = false;
      this.outcome = { isFailure: false };
    }
    this.outcome ??= outcome;
  }
}
