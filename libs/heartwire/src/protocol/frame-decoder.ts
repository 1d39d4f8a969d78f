import { joined } from './joined.js';
import { ProtocolViolation } from './protocol-violation.js';
import { sameClass } from './same-class.js';

const HEADER_BYTES = 4;
const LENGTH_MASK = 0x3fff_ffff;
const RESERVED_BIT = 0x4000_0000;
/** Pieces of at least this many bytes are kept as they came; smaller ones are copied together. */
const KEPT_PIECE_BYTES = 1_024;
const MAX_BLOCK_BYTES = 16_384;

/**
 * Takes a frame's payload: the bytes from `start` to `end` of `bytes`. They are a view of what came
 * from the carrier, so whoever keeps them for long should copy them.
 */
export type OnFrame = (bytes: Uint8Array, start: number, end: number, isBinary: boolean) => void;

/** Takes the payload of a binary frame that came in several chunks: its parts in order, which are views as well. */
export type OnParts = (parts: readonly Uint8Array[]) => void;

/** A frame that has begun and is not complete. */
export interface PendingFrame {
  /** The payload that its header declares; 0 while the header itself is incomplete. */
  readonly declaredBytes: number;
  /** What has arrived of it, header included. */
  readonly heldBytes: number;
}

/**
 * Finds the frames in a stream of bytes, however the stream is cut (docs/protocol.md, section 1).
 *
 * - A frame that lies in one chunk is passed on in place. Any other is joined once, when its last
 *   byte is there, into an array of the same class as its chunks: a `Buffer` stays a `Buffer`. Whoever
 *   takes parts is given those of a binary frame instead.
 * - Room is taken for what has arrived, never for what is declared. At most `maxFrameBytes` and a
 *   header are held, in few pieces, even when each byte comes alone.
 */
export class FrameDecoder {
  /** How many frames are complete, empty ones included: tells one pending frame from the next. */
  framesDecoded = 0;

  private isStopped = false;
  /** How much of the current frame's header has arrived: 0 between frames. */
  private headerBytes = 0;
  private word = 0;
  /** The payload that has arrived, in order. Each piece is full but perhaps the last, a block. */
  private pieces: Uint8Array[] = [];
  private pieceBytes = 0;
  /** The room left in the last piece, at its end. */
  private blockRoom = 0;

  /** @param maxFrameBytes the longest payload that is taken */
  constructor(private readonly maxFrameBytes: number) {}

  get pending(): PendingFrame | undefined {
    if (this.headerBytes === 0) return undefined;
    const declaredBytes = this.headerBytes === HEADER_BYTES ? this.word & LENGTH_MASK : 0;
    return { declaredBytes, heldBytes: this.headerBytes + this.pieceBytes };
  }

  /**
   * Takes what has arrived and passes on each frame that it completes. An empty frame is counted
   * but not passed on. After any error the place in the stream is lost, so the decoder stops.
   *
   * @param onParts takes binary frames that came in several chunks, which are not joined then
   * @throws ProtocolViolation `FRAME_TOO_LARGE` when a header declares more than `maxFrameBytes`,
   * `PROTOCOL_ERROR` when it sets the reserved bit; and whatever `onFrame` and `onParts` throw
   */
  push(chunk: Uint8Array, onFrame: OnFrame, onParts?: OnParts): void {
    try {
      this.read(chunk, onFrame, onParts);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** No frame is passed on after it, not even one that has arrived already. */
  stop(): void {
    this.isStopped = true;
    this.forget();
  }

  private read(chunk: Uint8Array, onFrame: OnFrame, onParts: OnParts | undefined): void {
    const { length } = chunk;
    let at = this.headerBytes === 0 ? 0 : this.resume(chunk, onFrame, onParts);
    while (!this.isStopped && length - at >= HEADER_BYTES) {
      const word = readWord(chunk, at);
      const start = at + HEADER_BYTES;
      const end = start + this.checkedLength(word);
      if (end > length) break;
      at = end;
      this.framesDecoded += 1;
      if (end > start) onFrame(chunk, start, end, word < 0);
    }
    if (!this.isStopped && at < length) this.begin(chunk, at);
  }

  /** Keeps the beginning of a frame whose end is still to come. */
  private begin(chunk: Uint8Array, from: number): void {
    const at = this.readHeader(chunk, from);
    if (at < chunk.length) this.keep(chunk, at, chunk.length);
  }

  /** Goes on with the frame that an earlier chunk began. Returns where the next one begins. */
  private resume(chunk: Uint8Array, onFrame: OnFrame, onParts: OnParts | undefined): number {
    const start = this.readHeader(chunk, 0);
    if (this.headerBytes < HEADER_BYTES) return start;
    const { word } = this;
    const declared = this.checkedLength(word);
    const end = start + declared - this.pieceBytes;
    if (end > chunk.length) {
      this.keep(chunk, start, chunk.length);
      return chunk.length;
    }
    this.framesDecoded += 1;
    if (this.pieceBytes === 0) {
      this.forget();
      if (declared > 0) onFrame(chunk, start, end, word < 0);
    } else {
      const parts = this.parts(chunk, start, end);
      this.forget();
      if (word < 0 && onParts !== undefined) onParts(parts);
      else onFrame(joined(parts), 0, declared, word < 0);
    }
    return end;
  }

  private readHeader(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.headerBytes < HEADER_BYTES && at < chunk.length) {
      this.word = (this.word << 8) | (chunk[at] ?? 0);
      this.headerBytes += 1;
      at += 1;
    }
    return at;
  }

  private checkedLength(word: number): number {
    const length = word & LENGTH_MASK;
    if ((word & RESERVED_BIT) !== 0) {
      throw new ProtocolViolation('PROTOCOL_ERROR', "bit 30 of a frame's header is reserved and must be 0");
    }
    if (length > this.maxFrameBytes) {
      const message = `a frame must be at most ${String(this.maxFrameBytes)} bytes: ${String(length)} are declared`;
      throw new ProtocolViolation('FRAME_TOO_LARGE', message);
    }
    return length;
  }

  /** Holds a piece of the payload. Each byte is copied at most once before the frame is joined. */
  private keep(chunk: Uint8Array, from: number, to: number): void {
    let start = from;
    const block = this.pieces.at(-1);
    if (block !== undefined && this.blockRoom > 0) {
      const taken = Math.min(this.blockRoom, to - start);
      block.set(chunk.subarray(start, start + taken), block.length - this.blockRoom);
      this.blockRoom -= taken;
      this.pieceBytes += taken;
      start += taken;
    }
    const length = to - start;
    if (length === 0) return;
    if (length >= KEPT_PIECE_BYTES) this.pieces.push(chunk.subarray(start, to));
    else this.openBlock(chunk, start, to);
    this.pieceBytes += length;
  }

  /** A block is as large as what came before it, so single bytes cost neither many pieces nor much room. */
  private openBlock(chunk: Uint8Array, start: number, to: number): void {
    const length = to - start;
    const missing = (this.word & LENGTH_MASK) - this.pieceBytes;
    const size = Math.max(length, Math.min(this.pieceBytes, MAX_BLOCK_BYTES, missing));
    const block = sameClass(chunk, size);
    block.set(chunk.subarray(start, to));
    this.pieces.push(block);
    this.blockRoom = size - length;
  }

  /** What is held of the frame, without the room that is left in it, and the end of it from the chunk. */
  private parts(chunk: Uint8Array, start: number, end: number): readonly Uint8Array[] {
    const { pieces, blockRoom } = this;
    const block = blockRoom > 0 ? pieces.pop() : undefined;
    if (block !== undefined) pieces.push(block.subarray(0, block.length - blockRoom));
    pieces.push(chunk.subarray(start, end));
    return pieces;
  }

  private forget(): void {
    this.headerBytes = 0;
    this.word = 0;
    this.pieceBytes = 0;
    this.blockRoom = 0;
    if (this.pieces.length > 0) this.pieces = [];
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    (byteAt(bytes, at) << 24) |
    (byteAt(bytes, at + 1) << 16) |
    (byteAt(bytes, at + 2) << 8) |
    byteAt(bytes, at + 3)
  );
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
