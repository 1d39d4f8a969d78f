/** Has every connection told, now and then, how the server sees it. */
export class StatusBroadcast {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    /** In ms; `Infinity` for never. */
    private readonly intervalMs: number,
    private readonly connections: ReadonlyMap<string, { tellStatus(): void }>,
  ) {}

  begin(): void {
    if (this.intervalMs !== Infinity) this.timer = setInterval(this.tellAll, this.intervalMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private readonly tellAll = (): void => {
    for (const connection of this.connections.values()) connection.tellStatus();
  };
}
