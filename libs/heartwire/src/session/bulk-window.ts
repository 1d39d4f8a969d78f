/** What a link of about 1 Gbit/s carries in a millisecond. */
const BYTES_PER_MS = 131_072;
/** Never less: twice what an end may receive before it acknowledges any, so that no stream waits for what isn't due. */
const MIN_BYTES = 393_216;
/** Never more, however long the round trip. */
const MAX_BYTES = 4_194_304;

/**
 * How much of streams may be on its way, unacknowledged: what a fast link holds during a round trip, and no more.
 * A call that is made now waits behind that much in the kernel.
 */
export function bulkWindowBytes(roundTripMs = 0): number {
  return Math.min(Math.max(roundTripMs * BYTES_PER_MS, MIN_BYTES), MAX_BYTES);
}
