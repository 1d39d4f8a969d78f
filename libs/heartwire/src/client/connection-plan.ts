/** One server, as far as it matters for who should be connected. */
export interface PlannedConnection {
  /** Whether the urls still lead to it. */
  readonly isKnown: boolean;
  /** Servers of the lowest number are used while any of them can be reached. */
  readonly priority: number;
  /**
   * `resting`: as good as ready, though it isn't connected until it is needed. `failing`: it was tried since it was last connected, and not
   * reached.
   */
  readonly phase: 'spare' | 'opening' | 'ready' | 'resting' | 'failing';
  /** Its session waits to go on, and calls with it. */
  readonly isSuspended: boolean;
  /** When a spare one may be tried, on the clock. */
  readonly retryAt: number;
}

/** What is to be done so that the right servers are connected. */
export interface ConnectionPlan<Each> {
  readonly open: readonly Each[];
  /** Has failed, and leaves its place to one that may do better. */
  readonly park: readonly Each[];
  /** Is left in order. */
  readonly close: readonly Each[];
}

/**
 * Who should be connected: up to `max` servers of the best priority that can be reached. One that
 * the urls don't lead to any more is left as soon as another is connected, never before.
 *
 * @param connections in the order in which they are preferred
 */
export function planConnections<Each extends PlannedConnection>(
  connections: readonly Each[],
  max: number,
  now: number,
): ConnectionPlan<Each> {
  const known = connections.filter(({ isKnown }) => isKnown);
  const isServed = known.some(isServing);
  const close = connections.filter(({ isKnown, phase }) => !isKnown && (phase !== 'ready' || isServed));
  const open: Each[] = [];
  const park: Each[] = [];
  const tiers = tiersOf(known);
  for (const [index, tier] of tiers.entries()) {
    const ready = tier.filter(isServing);
    const opening = tier.filter(({ phase }) => phase === 'opening');
    const failing = tier.filter(({ phase }) => phase === 'failing');
    const spares = tier.filter(({ phase, retryAt }) => phase === 'spare' && retryAt <= now);
    const opened = spares.slice(0, Math.max(max - ready.length - opening.length, 0));
    open.push(...opened);
    close.push(...ready.slice(max));

    const surplus = ready.length + opening.length + failing.length + opened.length - max;
    park.push(...failing.filter(({ isSuspended }) => !isSuspended).slice(0, Math.max(surplus, 0)));

    if (ready.length > 0) {
      const worse = tiers.slice(index + 1).flat();
      close.push(...worse.filter(({ phase }) => phase !== 'spare'));
    }
    // A worse tier is for when every server of the better ones has failed.
    if (ready.length + opening.length + opened.length > 0) break;
  }
  return { open, park, close };
}

function isServing({ phase }: PlannedConnection): boolean {
  return phase === 'ready' || phase === 'resting';
}

/** The best priority first. */
function tiersOf<Each extends PlannedConnection>(connections: readonly Each[]): readonly (readonly Each[])[] {
  const priorities = [...new Set(connections.map(({ priority }) => priority))].sort(
    (one, other) => one - other,
  );
  return priorities.map((priority) => connections.filter((connection) => connection.priority === priority));
}
