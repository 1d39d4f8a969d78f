import { isEnvelope, type Outgoing, type SplitText, textLength } from './outgoing.js';
import { MAX_COPIED_BYTES, type WritableBytes, writeText, writeWord } from './writable-bytes.js';

const HEADER_BYTES = 4;
const ENVELOPE_HEADER_BYTES = 2 * HEADER_BYTES;
const BINARY_BIT = 0x8000_0000;
/** No UTF-16 unit takes more as UTF-8. */
const BYTES_PER_UNIT = 3;
const LONGEST_CHARACTER_BYTES = 4;
/** What a batch may take at once: a slab is kept for as long as any part of it is on its way. */
const MAX_SLAB_BYTES = 1_048_576;

/**
 * Turns batches of messages into frames (docs/protocol.md, section 1), usually one buffer a batch.
 *
 * Texts are written straight into a slab, each after its header, which is filled in afterwards. What
 * was written is never touched again, so a buffer may wait in a socket for as long as it must. One
 * encoder serves any number of links, as a batch is done before `encode` returns.
 */
export class FrameEncoder {
  private slab: WritableBytes;
  /** Where the part of the slab begins that no finished buffer covers. */
  private start = 0;
  /** Where the next frame goes. */
  private used = 0;
  private buffers: Uint8Array[] = [];

  /**
   * @param allocate makes a buffer, which need not be cleared: `Buffer.allocUnsafeSlow`
   * @param slabBytes size of a slab, unless a batch needs more; a text of more than half as many
   * characters gets a buffer of its own
   */
  constructor(
    private readonly allocate: (bytes: number) => WritableBytes,
    private readonly slabBytes = 65_536,
  ) {
    this.slab = allocate(slabBytes);
  }

  /**
   * The frames of a batch, in order. Bytes beyond 16 KiB are not copied: they must not change until
   * they are sent. Each payload must be shorter than 1 GiB, which the other end's `maxFrameBytes`
   * sees to.
   */
  encode(batch: readonly Outgoing[]): Uint8Array[] {
    this.makeRoomFor(batch);
    for (const message of batch) {
      if (isEnvelope(message)) this.putEnvelope(message.header, message.bytes);
      else this.putText(message);
    }
    this.finishBuffer();
    const { buffers } = this;
    this.buffers = [];
    return buffers;
  }

  /** A batch of texts that no slab holds gets one that does, as long as they are nearly all ASCII. */
  private makeRoomFor(batch: readonly Outgoing[]): void {
    let bytes = LONGEST_CHARACTER_BYTES;
    for (const message of batch) {
      const length = isEnvelope(message) ? 0 : textLength(message);
      if (!this.isApart(length)) bytes += HEADER_BYTES + length;
    }
    const isOfUse = bytes > this.slabBytes && bytes <= MAX_SLAB_BYTES;
    if (isOfUse && bytes > this.slab.length - this.used) this.openSlab(bytes);
  }

  private putText(text: string | SplitText): void {
    if (this.isApart(textLength(text))) {
      const buffer = this.writeApart(text, HEADER_BYTES);
      writeWord(buffer, 0, buffer.length - HEADER_BYTES);
      this.addBuffer(buffer);
      return;
    }
    const written = this.writeInSlab(text, HEADER_BYTES);
    writeWord(this.slab, this.used, written);
    this.used += HEADER_BYTES + written;
  }

  private putEnvelope(header: string, bytes: Uint8Array): void {
    if (this.isApart(header.length)) {
      const buffer = this.writeApart(header, ENVELOPE_HEADER_BYTES);
      writeEnvelopeWords(buffer, 0, buffer.length - ENVELOPE_HEADER_BYTES, bytes.length);
      this.addBuffer(buffer);
      this.addBuffer(bytes);
      return;
    }
    const written = this.writeInSlab(header, ENVELOPE_HEADER_BYTES);
    writeEnvelopeWords(this.slab, this.used, written, bytes.length);
    this.used += ENVELOPE_HEADER_BYTES + written;
    if (bytes.length > MAX_COPIED_BYTES) {
      this.addBuffer(bytes);
      return;
    }
    if (bytes.length > this.slab.length - this.used) this.openSlab(bytes.length);
    this.slab.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Whether a text of this length gets a buffer of its own. */
  private isApart(length: number): boolean {
    return length * 2 > this.slabBytes;
  }

  /** Writes a text where the next frame goes, after `gap` bytes. Returns how many bytes it takes. */
  private writeInSlab(text: string | SplitText, gap: number): number {
    const room = this.slab.length - this.used - gap;
    const length = textLength(text);
    const most = length * BYTES_PER_UNIT;
    if (most <= room) return writeText(text, this.slab, this.used + gap);
    if (length <= room) {
      const written = writeText(text, this.slab, this.used + gap);
      if (isAllOf(written, room)) return written;
    }
    this.openSlab(gap + most);
    return writeText(text, this.slab, this.used + gap);
  }

  /** Writes a long text into a buffer of its own, so that no slab is pinned by it, nor it by a slab. */
  private writeApart(text: string | SplitText, gap: number): WritableBytes {
    // Enough for most texts; only one that is far from ASCII is written twice.
    const length = textLength(text);
    const room = length + (length >>> 3) + LONGEST_CHARACTER_BYTES;
    let buffer = this.allocate(gap + room);
    let written = writeText(text, buffer, gap);
    if (!isAllOf(written, room)) {
      buffer = this.allocate(gap + length * BYTES_PER_UNIT);
      written = writeText(text, buffer, gap);
    }
    return buffer.subarray(0, gap + written) as WritableBytes;
  }

  private openSlab(atLeast: number): void {
    this.finishBuffer();
    this.slab = this.allocate(Math.max(this.slabBytes, atLeast));
    this.start = 0;
    this.used = 0;
  }

  private addBuffer(buffer: Uint8Array): void {
    this.finishBuffer();
    if (buffer.length > 0) this.buffers.push(buffer);
  }

  private finishBuffer(): void {
    if (this.used === this.start) return;
    this.buffers.push(this.slab.subarray(this.start, this.used));
    this.start = this.used;
  }
}

/** With room to spare for any character, none was left out for want of it. */
function isAllOf(written: number, room: number): boolean {
  return written <= room - LONGEST_CHARACTER_BYTES;
}

function writeEnvelopeWords(target: Uint8Array, at: number, headerBytes: number, bytes: number): void {
  writeWord(target, at, (HEADER_BYTES + headerBytes + bytes) | BINARY_BIT);
  writeWord(target, at + HEADER_BYTES, headerBytes);
}
