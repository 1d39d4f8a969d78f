/**
 * - `alive`: something was heard lately, or nothing had to be.
 * - `suspect`: a ping has gone unanswered for a whole interval.
 * - `dead`: nothing came within the timeout after the first unanswered ping.
 */
export type LivenessState = 'alive' | 'suspect' | 'dead';

/** How a connection is. Times in ms. */
export interface Liveness {
  readonly state: LivenessState;
  /** How long the last answered ping took. Missing until one was. */
  readonly roundTripMs?: number;
  /** Smoothed over the last few (RFC 6298). */
  readonly smoothedRoundTripMs?: number;
  /** How much it varies (RFC 6298). */
  readonly jitterMs?: number;
  /** Pings since anything was last heard. */
  readonly missed: number;
  readonly silentForMs: number;
  /** Pings sent so far on this link. */
  readonly heartbeats: number;
  /** The moment of the last byte, on the watcher's clock. */
  readonly lastHeardAt: number;
}
