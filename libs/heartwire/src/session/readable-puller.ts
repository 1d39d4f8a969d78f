import type { Puller } from './puller.js';

/** A Node `Readable`, as far as it is used here. */
export interface ReadableLike {
  readonly destroyed: boolean;
  readonly readableObjectMode: boolean;
  readonly readableLength: number;
  readonly readableEnded: boolean;
  readonly errored: Error | null;
  read(size?: number): unknown;
  destroy(): unknown;
  on(event: string, listener: (error?: Error) => void): unknown;
  off(event: string, listener: (error?: Error) => void): unknown;
}

const EVENTS = ['readable', 'end', 'close', 'error'] as const;
/** What a file gives at once. */
const MAX_READ_BYTES = 65_536;

export function isReadable(source: object): source is ReadableLike {
  return 'readableObjectMode' in source && 'read' in source && 'destroy' in source && 'on' in source;
}

/**
 * Reads a `Readable` piece by piece. Its own iterator would put together whatever has piled up, which
 * copies every byte once more.
 */
export class ReadablePuller implements Puller {
  private waiting: (() => void) | undefined;
  private error: Error | undefined;
  private hasEnded = false;

  readonly isByteStream: boolean;

  constructor(private readonly source: ReadableLike) {
    this.isByteStream = !source.readableObjectMode;
    for (const event of EVENTS) source.on(event, this.wake);
    source.on('end', this.ended);
    source.on('error', this.failed);
  }

  async next(): Promise<{ readonly done: boolean; readonly value?: unknown }> {
    for (;;) {
      const value = this.read();
      if (value !== null) return { done: false, value };
      const error = this.error ?? this.source.errored;
      if (error !== null) throw error;
      if (this.hasEnded || this.source.readableEnded) {
        this.leave();
        return { done: true };
      }
      if (this.source.destroyed) throw new Error('the stream was destroyed before its end');
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
    }
  }

  stop(): Promise<void> {
    this.leave();
    // Its last error is nobody's, and must not end the process.
    this.source.on('error', () => undefined);
    this.source.destroy();
    this.wake();
    return Promise.resolve();
  }

  private read(): unknown {
    const { source } = this;
    if (source.readableObjectMode) return source.read();
    // Never more than is there: what is read meanwhile would be put together with it.
    return source.read(Math.min(source.readableLength, MAX_READ_BYTES));
  }

  private leave(): void {
    for (const event of EVENTS) this.source.off(event, this.wake);
    this.source.off('end', this.ended);
    this.source.off('error', this.failed);
  }

  private readonly wake = (): void => {
    this.waiting?.();
    this.waiting = undefined;
  };

  private readonly ended = (): void => {
    this.hasEnded = true;
  };

  private readonly failed = (error?: Error): void => {
    this.error = error;
  };
}
