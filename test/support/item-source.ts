import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';

import { Observable } from 'rxjs';

const TICK_MS = 1;

export const SOURCE_KINDS = ['Observable', 'async generator', 'Readable', 'Web ReadableStream'] as const;

export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Counts up from 0, as any kind of stream, and notes how far it came and that it was ended. */
export class ItemSource {
  /** Items that it has given. */
  given = 0;
  isEnded = false;

  /** @param to how many items there are @param fault what it fails with after them */
  constructor(
    private readonly to = Infinity,
    private readonly fault?: unknown,
  ) {}

  as(kind: SourceKind): Observable<number> | AsyncIterable<number> | ReadableStream<number> {
    if (kind === 'Observable') return this.observable();
    if (kind === 'Readable') return this.readable();
    return kind === 'async generator' ? this.items() : this.web();
  }

  async *items(): AsyncGenerator<number> {
    try {
      while (this.given < this.to) yield await Promise.resolve(this.given++);
      if (this.fault !== undefined) throw this.fault;
    } finally {
      this.isEnded = true;
    }
  }

  /** Gives an item each millisecond. */
  observable(): Observable<number> {
    return new Observable((subscriber) => {
      const timer = setInterval(() => {
        if (this.given < this.to) subscriber.next(this.given++);
        else if (this.fault === undefined) subscriber.complete();
        else subscriber.error(this.fault);
      }, TICK_MS);
      return () => {
        clearInterval(timer);
        this.isEnded = true;
      };
    });
  }

  readable(): Readable {
    const readable = new Readable({
      objectMode: true,
      highWaterMark: 1,
      read: () => {
        if (this.given < this.to) readable.push(this.given++);
        else if (this.fault === undefined) readable.push(null);
        else readable.destroy(this.fault as Error);
      },
      destroy: (error, done) => {
        this.isEnded = true;
        done(error);
      },
    });
    return readable;
  }

  web(): ReadableStream<number> {
    return new ReadableStream<number>(
      {
        pull: (controller) => {
          if (this.given < this.to) {
            controller.enqueue(this.given++);
            return;
          }
          this.isEnded = true;
          if (this.fault === undefined) controller.close();
          else controller.error(this.fault);
        },
        cancel: () => {
          this.isEnded = true;
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/** 0, 1, 2 and so on. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, item) => item);
}
