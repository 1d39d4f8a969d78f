import type { PendingFrame } from '../protocol/frame-decoder.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Clock } from '../timing/clock.js';
import { LATE_MS } from '../timing/late.js';

/** Knows whether a frame, or a message in several, has begun and is not complete. */
export interface FrameProgress {
  readonly pending: Pick<PendingFrame, 'declaredBytes'> | undefined;
  /** Tells one pending frame from the next. */
  readonly framesDecoded: number;
}

/** Who is told of a frame that has stayed unfinished. */
export interface PartialFrameHost {
  violated(violation: ProtocolViolation): void;
}

/** The slowest pace at which a frame may arrive, beside its grace: 64 KiB/s. */
const MIN_BYTES_PER_MS = 65_536 / 1_000;

/**
 * A frame that has begun must be complete within `frameTimeoutMs` plus its size at 64 KiB/s,
 * however it trickles (docs/protocol.md, section 5). At most one timer, armed only while a
 * frame stays unfinished, so a busy link pays a comparison per read. A process that was held up has not read
 * what came meanwhile: then the frame has all its time again, but once only, however busy the process is.
 */
export class PartialFrameDeadline {
  private timer: NodeJS.Timeout | undefined;
  /** When the timer is due. */
  private dueAt = 0;
  private begunAt = 0;
  private frameNumber = -1;
  private wasHeldUp = false;

  constructor(
    private readonly progress: FrameProgress,
    private readonly clock: Clock,
    private readonly frameTimeoutMs: number,
    private readonly host: PartialFrameHost,
  ) {}

  /** To be called after each read. */
  check(): void {
    if (this.progress.pending === undefined) return;
    if (this.progress.framesDecoded !== this.frameNumber) {
      this.frameNumber = this.progress.framesDecoded;
      this.begunAt = this.clock.now();
      this.wasHeldUp = false;
    }
    if (this.timer === undefined) this.lookIn(this.frameTimeoutMs);
  }

  /** Nothing was read for a while: what has begun has all its time again. */
  restart(): void {
    this.stop();
    this.frameNumber = -1;
    this.check();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private lookIn(delayMs: number): void {
    this.dueAt = this.clock.now() + delayMs;
    this.timer = setTimeout(() => {
      this.judge();
    }, delayMs);
  }

  private judge(): void {
    this.timer = undefined;
    const { pending } = this.progress;
    if (pending === undefined) return;
    const now = this.clock.now();
    if (now > this.dueAt + LATE_MS && !this.wasHeldUp) {
      this.wasHeldUp = true;
      this.begunAt = now;
    }
    const allowedMs = this.frameTimeoutMs + pending.declaredBytes / MIN_BYTES_PER_MS;
    const leftMs = this.begunAt + allowedMs - now;
    if (leftMs > 0) {
      this.lookIn(leftMs);
      return;
    }
    // An empty frame is never unfinished: the header is.
    const what = pending.declaredBytes === 0 ? 'header' : `frame of ${String(pending.declaredBytes)} bytes`;
    const message = `a ${what} must be complete within ${String(Math.round(allowedMs))} ms`;
    this.host.violated(new ProtocolViolation('PROTOCOL_ERROR', message));
  }
}
