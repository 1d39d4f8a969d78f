/** Closing takes a few turns of the event loop, also of a busy one. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 10;

/** How many of each kind: sockets, servers, timers, look-ups, listeners of the process. */
type Holdings = ReadonlyMap<string, number>;

/** Tells what a process holds on to that it didn't hold before. */
export class LeakGuard {
  private before: Holdings | undefined;

  /** @param patienceMs how long what is being closed may take */
  constructor(private readonly patienceMs = PATIENCE_MS) {}

  /** From here on; does nothing when it has begun already. */
  begin(): void {
    this.before ??= holdings();
  }

  /** Ends the watch. @throws Error that names what stays behind. */
  async check(): Promise<void> {
    const { before } = this;
    this.before = undefined;
    if (before === undefined) return;
    const giveUpAt = performance.now() + this.patienceMs;
    for (;;) {
      const left = surplus(before, holdings());
      if (left.length === 0) return;
      if (performance.now() > giveUpAt) throw new Error(`still there: ${left.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

function holdings(): Holdings {
  const counts = new Map<string, number>();
  const add = (kind: string, count: number): unknown => counts.set(kind, (counts.get(kind) ?? 0) + count);
  for (const kind of process.getActiveResourcesInfo()) add(kind, 1);
  for (const event of process.eventNames()) {
    add(`listener of process.on("${String(event)}")`, process.listenerCount(event));
  }
  return counts;
}

function surplus(before: Holdings, now: Holdings): string[] {
  return [...now].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0);
    return more > 0 ? [`${String(more)} ${kind}`] : [];
  });
}
