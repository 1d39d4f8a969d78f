import { type Observable, type Subscription, takeWhile } from 'rxjs';

import type { Puller } from './puller.js';
import { isPullSource, type PullSource, pullerOf, type StreamSource } from './stream-source.js';

/** Who is given the items of a source, and hears how it ended. */
export interface FeedSink {
  /** An Observable's item, which came by itself. */
  pushed(value: unknown): void;
  /** The item that was asked for. */
  pulled(value: unknown): void;
  ended(): void;
  failed(error: unknown): void;
  /** Nobody waits for what a source throws once it was stopped. */
  stoppedWith(error: unknown): void;
}

/**
 * The source of a stream at work. However it ends, by itself or stopped, nothing of it runs on: the
 * Observable is unsubscribed from, the generator's `finally` runs, the Readable is destroyed.
 */
export class SourceFeed {
  /** Once it was told to stop: when one that is asked for its items has come to its end. */
  stopped: Promise<unknown> | undefined;

  private subscription: Subscription | undefined;
  private puller: Puller | undefined;
  private isPulling = false;
  private isOver = false;

  constructor(private readonly sink: FeedSink) {}

  /** Whether what it gives is bytes that may be cut anywhere. */
  get isByteStream(): boolean {
    return this.puller?.isByteStream === true;
  }

  /** Whether it gives an item only when asked for it. */
  get canWait(): boolean {
    return this.puller !== undefined;
  }

  start(source: StreamSource): void {
    if (isPullSource(source)) this.pullFrom(source);
    else this.listenTo(source);
  }

  /** Asks for the next item, if it can be asked and has not been yet. */
  pull(): void {
    const { puller } = this;
    if (puller === undefined || this.isPulling || this.isOver) return;
    this.isPulling = true;
    puller
      .next()
      .then(({ done, value }) => {
        this.isPulling = false;
        if (this.isOver) return;
        if (done === true) {
          this.puller = undefined;
          this.end();
        } else {
          this.sink.pulled(value);
        }
      })
      // One that gives no result at all fails as one that throws.
      .catch((error: unknown) => {
        this.isPulling = false;
        this.puller = undefined;
        // A source that was stopped may well say so.
        this.fail(error);
      });
  }

  stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    try {
      this.subscription?.unsubscribe();
    } catch (error) {
      this.sink.stoppedWith(error);
    }
    this.stopped = this.puller?.stop().catch((error: unknown) => {
      this.sink.stoppedWith(error);
    });
    this.puller = undefined;
  }

  private pullFrom(source: PullSource): void {
    try {
      this.puller = pullerOf(source);
    } catch (error) {
      this.fail(error);
    }
  }

  private listenTo(source: Observable<unknown>): void {
    try {
      // What gives all its items within `subscribe` has no subscription yet that could be ended.
      this.subscription = takeWhile(() => !this.isOver)(source).subscribe({
        next: (value) => {
          this.hear(value);
        },
        error: (error: unknown) => {
          this.fail(error);
        },
        complete: () => {
          if (this.puller === undefined) this.end();
        },
      });
      if (this.isOver) this.subscription.unsubscribe();
    } catch (error) {
      if (this.isOver) this.sink.stoppedWith(error);
      else this.fail(error);
    }
  }

  private hear(value: unknown): void {
    if (this.isOver) return;
    if (this.puller === undefined && isPullSource(value)) {
      // What an interceptor has wrapped: a handler's own stream.
      this.pullFrom(value);
      this.pull();
    } else {
      this.sink.pushed(value);
    }
  }

  private end(): void {
    if (this.isOver) return;
    this.stop();
    this.sink.ended();
  }

  private fail(error: unknown): void {
    if (this.isOver) return;
    this.stop();
    this.sink.failed(error);
  }
}
