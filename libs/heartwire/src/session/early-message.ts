/** A message that came before its sender was let in, as it was read. */
export interface EarlyMessage {
  readonly raw: unknown;
  readonly frameBytes: number;
}

/** Takes what is no greeting, as long as it isn't known who sends it. */
export interface Gate {
  early(raw: unknown, frameBytes: number): void;
}
