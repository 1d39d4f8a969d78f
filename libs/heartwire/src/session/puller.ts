/** What comes next of a pull source, and how it is told that nothing more is wanted. */
export interface Puller {
  /** Whether it gives bytes that may be cut anywhere. */
  readonly isByteStream?: boolean;
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  stop(): Promise<unknown>;
}
