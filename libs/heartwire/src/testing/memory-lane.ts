/** How a wire of memory carries bytes. */
export interface MemoryLaneSettings {
  /** How long the next piece takes to arrive, in ms. Default: 0. */
  readonly delayMs?: (() => number) | undefined;
  /** How many bytes the next piece has at most. Default: all that are on their way. */
  readonly pieceBytes?: (() => number) | undefined;
}

/** Who listens at the end of a lane. */
export interface MemoryLaneReceiver {
  receive(bytes: Uint8Array): void;
  receiveEnd(): void;
}

/** One direction of a wire: bytes arrive in order, piece by piece, each in a turn of its own. */
export class MemoryLane {
  /** Bytes on their way. */
  bytes = 0;
  /** Called when bytes have arrived: there is more room. */
  onRoom: (() => void) | undefined;

  private pieces: Uint8Array[] = [];
  private receiver: MemoryLaneReceiver | undefined;
  private isEnding = false;
  private isMoving = false;
  private isSilent = false;
  private cutAt: { bytes: number; readonly cut: () => void } | undefined;

  constructor(private readonly settings: MemoryLaneSettings) {}

  /** Starts delivery. */
  open(receiver: MemoryLaneReceiver): void {
    this.receiver = receiver;
    this.move();
  }

  push(bytes: Uint8Array): void {
    if (this.isSilent || this.isEnding || bytes.length === 0) return;
    this.pieces.push(bytes);
    this.bytes += bytes.length;
    this.move();
  }

  /** Nothing more will be pushed. The other end hears so behind what is on its way. */
  end(): void {
    this.isEnding = true;
    this.move();
  }

  /** Nothing that is pushed from now on arrives, and nobody is told. */
  silence(): void {
    this.isSilent = true;
  }

  /** What is on its way is lost too. */
  drop(): void {
    this.isSilent = true;
    this.pieces = [];
    this.bytes = 0;
  }

  /** Calls `cut` once so many further bytes have arrived: not one more does. */
  cutAfter(bytes: number, cut: () => void): void {
    this.cutAt = { bytes, cut };
  }

  private move(): void {
    if (this.isMoving || this.receiver === undefined) return;
    if (this.pieces.length === 0 && !(this.isEnding && !this.isSilent)) return;
    this.isMoving = true;
    setTimeout(this.deliver, this.settings.delayMs?.() ?? 0);
  }

  private readonly deliver = (): void => {
    this.isMoving = false;
    const { receiver, cutAt } = this;
    if (receiver === undefined) return;
    const piece = this.take(Math.min(this.settings.pieceBytes?.() ?? Infinity, cutAt?.bytes ?? Infinity));
    if (piece !== undefined) {
      receiver.receive(piece);
      if (cutAt !== undefined) cutAt.bytes -= piece.length;
      this.onRoom?.();
    } else if (this.isEnding && !this.isSilent) {
      this.isSilent = true;
      receiver.receiveEnd();
    }
    if (cutAt !== undefined && cutAt.bytes <= 0) cutAt.cut();
    this.move();
  };

  private take(most: number): Uint8Array | undefined {
    const [first] = this.pieces;
    if (first === undefined || most === 0) return undefined;
    const taken = first.subarray(0, most);
    if (taken.length === first.length) this.pieces.shift();
    else this.pieces[0] = first.subarray(taken.length);
    this.bytes -= taken.length;
    return taken;
  }
}
