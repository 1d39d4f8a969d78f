/** The pings of a usual silence come this much early or late. */
const SPREAD_SHARE = 0.1;
/** The largest level that is told: beyond it the formula has no digits left. */
const MAX_PHI = 300;

/**
 * The suspicion level φ of an accrual failure detector (Hayashibara and others, "The φ accrual failure
 * detector", 2004): the chance that a live peer would be silent for so long is 10^-φ. 1 is a tenth, 8 is
 * next to nothing. Silences are taken to be normally distributed around one interval and one round
 * trip; the tail is a logistic approximation (Bowling and others, "A logistic approximation to the
 * cumulative normal distribution", 2009), as is usual for it.
 *
 * @param silentForMs how long nothing was heard
 * @param intervalMs silence after which the peer is asked
 * @param roundTripMs smoothed
 * @param jitterMs of the round trip
 */
export function suspicion(silentForMs: number, intervalMs: number, roundTripMs = 0, jitterMs = 0): number {
  const mean = intervalMs + roundTripMs;
  const deviation = intervalMs * SPREAD_SHARE + jitterMs;
  const y = (silentForMs - mean) / deviation;
  const odds = Math.exp(-y * (1.5976 + 0.070566 * y * y));
  // Either form loses its digits on the other side of the mean.
  const chance = y > 0 ? odds / (1 + odds) : 1 - 1 / (1 + odds);
  return Math.min(Math.max(-Math.log10(chance), 0), MAX_PHI);
}
