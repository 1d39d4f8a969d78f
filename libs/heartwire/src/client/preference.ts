/** What has a place among those that a client may use. */
interface Ranked {
  /** The lower, the sooner. */
  readonly priority: number;
  /** Among those of the same priority: the lower, the sooner. */
  readonly rank: number;
}

/** For sorting: who is preferred comes first. */
export function byPreference(one: Ranked, other: Ranked): number {
  return one.priority - other.priority || one.rank - other.rank;
}
