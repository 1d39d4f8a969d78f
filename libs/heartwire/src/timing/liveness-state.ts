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
  /** Pings since the last sign of life. */
  readonly missed: number;
  /** How long it is since the last sign of life. */
  readonly silentForMs: number;
  /**
   * Suspicion, as of a φ accrual failure detector: a live peer would be silent for so long with a chance of 10^-phi. From
   * 0 to 300.
   */
  readonly phi: number;
  /** The pace that holds now: silence after which a ping is sent. */
  readonly intervalMs: number;
  /** Silence from that ping on that means death. */
  readonly timeoutMs: number;
  /** Pings sent so far on this link. */
  readonly heartbeats: number;
  /** The moment of the last sign of life, by `performance.now()` of the end that watches. */
  readonly lastHeardAt: number;
}
