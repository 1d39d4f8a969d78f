/** A message that came before its sender was let in, as it was read. */
export interface EarlyMessage {
  readonly raw: unknown;
  readonly frameBytes: number;
}

/** Stands before the session as long as it isn't known who sends. */
export interface Gate {
  /** Takes what is no greeting, and returns whether it did. */
  holdsBack(raw: unknown, frameBytes: number): boolean;
}
