import type { RoundTrip } from './round-trip.js';

/** How often a watcher asks, and how long it waits. Both in ms. */
export interface Pace {
  /** Silence after which the other end is asked. */
  readonly intervalMs: number;
  /** Silence after the first unanswered ping that means death. */
  readonly timeoutMs: number;
}

/** The least that an adaptive watcher comes down to, so that a pause of the process is no death. */
const FLOOR: Pace = { intervalMs: 500, timeoutMs: 1_000 };
/** As in RFC 6298: a round trip later than this is out of the ordinary. */
const JITTERS_IN_A_LATE_ROUND_TRIP = 4;
/** So many late round trips make an interval, and so many more a timeout. */
const ROUND_TRIPS_IN_AN_INTERVAL = 10;

/**
 * A pace that follows the measured round trip and its jitter: quick on a quick network, patient on a
 * slow one, between 500 ms and 1 s below and the given pace above. Until a round trip was measured it
 * asks as often as it may, and waits as long as it may.
 */
export class AdaptivePace implements Pace {
  constructor(
    private readonly ceiling: Pace,
    private readonly roundTrip: RoundTrip,
  ) {}

  get intervalMs(): number {
    const wanted = (this.lateRoundTripMs ?? 0) * ROUND_TRIPS_IN_AN_INTERVAL;
    return clamp(wanted, FLOOR.intervalMs, this.ceiling.intervalMs);
  }

  get timeoutMs(): number {
    const late = this.lateRoundTripMs;
    if (late === undefined) return this.ceiling.timeoutMs;
    return clamp(
      this.intervalMs + late * ROUND_TRIPS_IN_AN_INTERVAL,
      FLOOR.timeoutMs,
      this.ceiling.timeoutMs,
    );
  }

  private get lateRoundTripMs(): number | undefined {
    const { smoothedMs, jitterMs = 0 } = this.roundTrip;
    return smoothedMs === undefined ? undefined : smoothedMs + JITTERS_IN_A_LATE_ROUND_TRIP * jitterMs;
  }
}

/** Where the ceiling is below the floor, the ceiling holds: it is what was asked for. */
function clamp(value: number, floor: number, ceiling: number): number {
  return Math.min(Math.max(value, floor), ceiling);
}
