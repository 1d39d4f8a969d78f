import type { Socket } from 'node:net';

import type { Ending, FlowFaults } from './flow-faults.js';

/** What is held back in a flow at most; then its source is no longer read, as by a slow network. */
const MAX_HELD_BYTES = 262_144;
/** With a bandwidth, so much is passed on at a time. */
const SLICE_MS = 5;

const NOTHING = Buffer.alloc(0);

type Piece =
  | { readonly kind: 'bytes'; bytes: Buffer; readonly dueAt: number }
  /** The source has finished sending. */
  | { readonly kind: 'end'; readonly dueAt: number }
  | { readonly kind: 'cut'; readonly ending: Ending; readonly dueAt: number };

/** One direction of one connection: what comes from the source reaches the sink in order, with all the faults. */
export class Flow {
  private readonly pieces: Piece[] = [];
  private heldBytes = 0;
  private lastDueAt = 0;
  /** When the bandwidth lets the next slice pass. */
  private freeAt = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Something is missing in what was passed on: nothing may follow. */
  private hasGap = false;

  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
    private readonly faults: FlowFaults,
    private readonly cut: (ending: Ending) => void,
  ) {
    source.on('data', this.take);
    source.on('end', () => {
      this.hasGap ||= this.faults.swallows;
      this.hold({ kind: 'end', dueAt: this.nextDueAt() });
    });
    sink.on('drain', this.pump);
  }

  /** Whether the sink hears nothing of the source any more, not even that it has gone. */
  get isSilent(): boolean {
    return this.hasGap || this.faults.swallows;
  }

  /** Tells the sink now that nothing more follows, though the source would send more. */
  halfClose(): void {
    this.hasGap = true;
    this.drop();
    this.sink.end();
  }

  /** Passes nothing on any more; what comes is read and forgotten. */
  stop(): void {
    this.hasGap = true;
    this.drop();
  }

  private readonly take = (chunk: Buffer): void => {
    this.hasGap ||= this.faults.swallows;
    if (this.hasGap) return;
    this.faults.corrupt(chunk);
    const { passed, ending } = this.faults.admit(chunk);
    const dueAt = this.nextDueAt();
    if (passed.length > 0) this.hold({ kind: 'bytes', bytes: passed, dueAt });
    if (ending !== undefined) {
      this.hold({ kind: 'cut', ending, dueAt });
      this.hasGap = true;
    }
  };

  private hold(piece: Piece): void {
    if (this.hasGap) return;
    this.pieces.push(piece);
    if (piece.kind === 'bytes') this.heldBytes += piece.bytes.length;
    this.pump();
    if (this.heldBytes > MAX_HELD_BYTES) this.source.pause();
  }

  /** Never before what came earlier: jitter doesn't reorder a stream. */
  private nextDueAt(): number {
    this.lastDueAt = Math.max(this.lastDueAt, performance.now() + this.faults.nextDelayMs());
    return this.lastDueAt;
  }

  private readonly pump = (): void => {
    for (let piece = this.pieces[0]; piece !== undefined; piece = this.pieces[0]) {
      if (this.sink.writableNeedDrain || this.sink.destroyed) return;
      const now = performance.now();
      const readyAt = Math.max(piece.dueAt, this.freeAt);
      if (readyAt > now) {
        this.pumpIn(readyAt - now);
        return;
      }
      this.pass(piece, now);
    }
  };

  private pumpIn(delayMs: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.pump();
    }, delayMs);
  }

  private pass(piece: Piece, now: number): void {
    if (piece.kind === 'bytes') {
      this.passBytes(piece, now);
      return;
    }
    this.pieces.shift();
    if (piece.kind === 'end') {
      this.sink.end();
    } else {
      // What was passed on before must have left, or the cut would take it back.
      this.sink.write(NOTHING, () => {
        this.cut(piece.ending);
      });
    }
  }

  private passBytes(piece: Piece & { kind: 'bytes' }, now: number): void {
    const { bytesPerSecond } = this.faults;
    const sliceBytes = Math.max(Math.floor((bytesPerSecond * SLICE_MS) / 1_000), 1);
    const slice = piece.bytes.subarray(0, sliceBytes);
    piece.bytes = piece.bytes.subarray(slice.length);
    if (piece.bytes.length === 0) this.pieces.shift();
    this.heldBytes -= slice.length;
    if (bytesPerSecond !== Infinity) {
      // Timers come late: the time that was lost is made up for, but no more than a slice of it.
      this.freeAt = Math.max(this.freeAt, now - SLICE_MS) + (slice.length / bytesPerSecond) * 1_000;
    }
    this.sink.write(slice);
    this.faults.passedBytes += slice.length;
    if (this.heldBytes <= MAX_HELD_BYTES) this.source.resume();
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pieces.length = 0;
    this.heldBytes = 0;
    this.source.resume();
  }
}
