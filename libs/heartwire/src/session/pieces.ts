import { joined } from '../protocol/joined.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';

/** Shorter pieces don't wait one by one: each takes more memory than its bytes. */
const SMALL_BYTES = 1_024;

/** Joins the pieces of bytes that were cut on the way, so that an item in is an item out. */
export class Pieces {
  private pieces: Uint8Array[] = [];
  private bytes = 0;
  private isCut = false;

  /** @param maxBytes the longest item that is taken */
  constructor(private readonly maxBytes: number) {}

  /**
   * Takes what came. Returns the item that it completes, or `undefined` while more follows.
   *
   * @param isLoose it is part of a stream of bytes, which needn't be joined: it is returned as it came
   * @throws ProtocolViolation when the item is too long, or goes on as something else than bytes
   */
  add(item: unknown, more: boolean, isLoose = false): unknown {
    if (!more && !this.isCut) return item;
    if (!(item instanceof Uint8Array))
      throw new ProtocolViolation('PROTOCOL_ERROR', 'bytes that were cut must go on with bytes');
    if (isLoose && this.bytes === 0) {
      this.isCut = more;
      return item;
    }
    this.bytes += item.byteLength;
    if (this.bytes > this.maxBytes) {
      const message = `an item must be at most ${String(this.maxBytes)} bytes`;
      throw new ProtocolViolation('FRAME_TOO_LARGE', message);
    }
    this.isCut = more;
    if (item.byteLength > 0 || !more) this.keep(item);
    if (more) return undefined;
    const whole = joined(this.pieces);
    this.pieces = [];
    this.bytes = 0;
    return whole;
  }

  /** @throws ProtocolViolation when an item has begun, and its end is still to come */
  finish(): void {
    if (!this.isCut) return;
    throw new ProtocolViolation('PROTOCOL_ERROR', 'a stream must not end within bytes that were cut');
  }

  /** Joins small ones to those before them that are no larger: each byte is copied some ten times at most. */
  private keep(piece: Uint8Array): void {
    const { pieces } = this;
    let last = piece;
    while (last.byteLength < SMALL_BYTES && (pieces.at(-1)?.byteLength ?? Infinity) <= last.byteLength) {
      last = joined([...pieces.splice(-1), last]);
    }
    pieces.push(last);
  }
}
