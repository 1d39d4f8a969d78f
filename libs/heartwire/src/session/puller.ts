/** What comes next of a pull source, and how it is told that nothing more is wanted. */
export interface Puller {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  stop(): Promise<unknown>;
}
