/** A message on its way out: its JSON text, whole or in parts, or a binary envelope. */
export type Outgoing = string | SplitText | Envelope;

/** A text in three parts, so that a long one in the middle is never copied to put them together. */
export interface SplitText {
  readonly head: string;
  readonly body: string;
  readonly tail: string;
}

export interface Envelope {
  readonly header: string;
  readonly bytes: Uint8Array;
}

/**
 * Bytes that text can be written into as UTF-8. `write` returns how many bytes it wrote; where room
 * ends it stops before a character that doesn't fit. Node's `Buffer` is one.
 */
export interface WritableBytes extends Uint8Array {
  write(text: string, offset: number): number;
}

const HEADER_BYTES = 4;
const ENVELOPE_HEADER_BYTES = 2 * HEADER_BYTES;
const BINARY_BIT = 0x8000_0000;
/** No UTF-16 unit takes more as UTF-8. */
const BYTES_PER_UNIT = 3;
const LONGEST_CHARACTER_BYTES = 4;
/** What a batch may take at once: a slab is kept for as long as any part of it is on its way. */
const MAX_SLAB_BYTES = 1_048_576;
/** Bytes of a binary message up to this many are copied in; longer ones go out as they are. */
const MAX_COPIED_BYTES = 16_384;

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
      if (typeof message !== 'string' && 'bytes' in message) this.putEnvelope(message.header, message.bytes);
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
      const length = typeof message !== 'string' && 'bytes' in message ? 0 : lengthOf(message);
      if (!this.isApart(length)) bytes += HEADER_BYTES + length;
    }
    const isOfUse = bytes > this.slabBytes && bytes <= MAX_SLAB_BYTES;
    if (isOfUse && bytes > this.slab.length - this.used) this.openSlab(bytes);
  }

  private putText(text: string | SplitText): void {
    if (this.isApart(lengthOf(text))) {
      const buffer = this.writeApart(text, HEADER_BYTES);
      setWord(buffer, 0, buffer.length - HEADER_BYTES);
      this.addBuffer(buffer);
      return;
    }
    const written = this.writeInSlab(text, HEADER_BYTES);
    setWord(this.slab, this.used, written);
    this.used += HEADER_BYTES + written;
  }

  private putEnvelope(header: string, bytes: Uint8Array): void {
    if (this.isApart(header.length)) {
      const buffer = this.writeApart(header, ENVELOPE_HEADER_BYTES);
      setEnvelopeWords(buffer, 0, buffer.length - ENVELOPE_HEADER_BYTES, bytes.length);
      this.addBuffer(buffer);
      this.addBuffer(bytes);
      return;
    }
    const written = this.writeInSlab(header, ENVELOPE_HEADER_BYTES);
    setEnvelopeWords(this.slab, this.used, written, bytes.length);
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
    const length = lengthOf(text);
    const most = length * BYTES_PER_UNIT;
    if (most <= room) return write(text, this.slab, this.used + gap);
    if (length <= room) {
      const written = write(text, this.slab, this.used + gap);
      if (isAllOf(written, room)) return written;
    }
    this.openSlab(gap + most);
    return write(text, this.slab, this.used + gap);
  }

  /** Writes a long text into a buffer of its own, so that no slab is pinned by it, nor it by a slab. */
  private writeApart(text: string | SplitText, gap: number): WritableBytes {
    // Enough for most texts; only one that is far from ASCII is written twice.
    const length = lengthOf(text);
    const room = length + (length >>> 3) + LONGEST_CHARACTER_BYTES;
    let buffer = this.allocate(gap + room);
    let written = write(text, buffer, gap);
    if (!isAllOf(written, room)) {
      buffer = this.allocate(gap + length * BYTES_PER_UNIT);
      written = write(text, buffer, gap);
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

function lengthOf(text: string | SplitText): number {
  return typeof text === 'string' ? text.length : text.head.length + text.body.length + text.tail.length;
}

/** Returns how many bytes were written: fewer than the text takes where the target ends. */
function write(text: string | SplitText, target: WritableBytes, at: number): number {
  if (typeof text === 'string') return target.write(text, at);
  const body = at + target.write(text.head, at);
  const tail = body + target.write(text.body, body);
  return tail + target.write(text.tail, tail) - at;
}

/** With room to spare for any character, none was left out for want of it. */
function isAllOf(written: number, room: number): boolean {
  return written <= room - LONGEST_CHARACTER_BYTES;
}

function setEnvelopeWords(target: Uint8Array, at: number, headerBytes: number, bytes: number): void {
  setWord(target, at, (HEADER_BYTES + headerBytes + bytes) | BINARY_BIT);
  setWord(target, at + HEADER_BYTES, headerBytes);
}

function setWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
}
