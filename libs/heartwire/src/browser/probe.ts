import type { Attachment } from '../session/attachment.js';
import type { Clock } from '../timing/clock.js';

/** What a peer that is asked gets to answer, of the heartbeat's timeout. */
const PATIENCE_SHARE = 1 / 4;
/** A timer that comes later than this tells nothing: the page was slowed down. */
const LATE_MS = 500;

/**
 * Asks for a sign of life when something has changed for the page, and gives the link up when there is none soon. A link
 * given up in error costs little, as the session goes on over the next; one that is dead without anyone knowing costs
 * whole heartbeats.
 */
export class Probe {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly heartbeatTimeoutMs: number,
  ) {}

  start(attachment: Attachment | undefined): void {
    this.stop();
    if (attachment === undefined) return;
    const { link, monitor } = attachment;
    const { heardAt } = link;
    const patienceMs = Math.min(monitor.timeoutMs, this.heartbeatTimeoutMs) * PATIENCE_SHARE;
    const until = this.clock.now() + patienceMs;
    monitor.ask();
    this.timer = setTimeout(() => {
      if (link.heardAt !== heardAt) return;
      if (this.clock.now() > until + LATE_MS) this.start(attachment);
      else link.destroy();
    }, patienceMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
