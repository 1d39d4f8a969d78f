import { ProtocolViolation } from '../protocol/protocol-violation.js';

/** Joins the pieces of bytes that were cut on the way, so that an item in is an item out. */
export class Pieces {
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  /** @param maxBytes the longest item that is taken */
  constructor(private readonly maxBytes: number) {}

  /**
   * Takes what came. Returns the item that it completes, or `undefined` while more follows.
   *
   * @throws ProtocolViolation when the item is too long, or goes on as something else than bytes
   */
  add(item: unknown, more: boolean): unknown {
    if (!more && this.pieces.length === 0) return item;
    if (!(item instanceof Uint8Array))
      throw new ProtocolViolation('PROTOCOL_ERROR', 'bytes that were cut must go on with bytes');
    this.bytes += item.byteLength;
    if (this.bytes > this.maxBytes) {
      const message = `an item must be at most ${String(this.maxBytes)} bytes`;
      throw new ProtocolViolation('FRAME_TOO_LARGE', message);
    }
    this.pieces.push(item);
    return more ? undefined : this.join(item);
  }

  private join(last: Uint8Array): Uint8Array {
    // Of the pieces' own class: a Buffer stays a Buffer.
    const { [Symbol.species]: Bytes } = last.constructor as unknown as {
      readonly [Symbol.species]: new (length: number) => Uint8Array;
    };
    const whole = new Bytes(this.bytes);
    let at = 0;
    for (const piece of this.pieces) {
      whole.set(piece, at);
      at += piece.byteLength;
    }
    this.pieces = [];
    this.bytes = 0;
    return whole;
  }
}
