import type { PendingFrame } from './frame-decoder.js';
import { ProtocolViolation } from './protocol-violation.js';

const LONGEST_HEADER_BYTES = 14;
const MASK_BYTES = 4;
const MASKED = 0x80;
const FINAL = 0x80;
const CLOSE = 0x8;

/**
 * Follows where messages begin and end in the bytes of a WebSocket, without reading them: what a WebSocket
 * library tells only once a message is whole, and what must be known before. Whether the frames are
 * good ones is the library's to judge.
 */
export class WebSocketProgress {
  /** Counts how often nothing was left unfinished: tells one pending message from the next. */
  framesDecoded = 0;
  /** How many frames are complete, fragments and control frames included. */
  framesRead = 0;
  /** Whether the other end has sent its close frame. What follows it means nothing. */
  isConcluded = false;

  private isStopped = false;
  private readonly header = new Uint8Array(LONGEST_HEADER_BYTES);
  private headerBytes = 0;
  /** Of the current frame. */
  private payloadLeft = 0;
  /** Of the current message: its fragments so far, and the current one. */
  private messageBytes = 0;
  /** A fragment is here, and its last one is not. */
  private isFragmented = false;

  /** @param maxMessageBytes the longest message that is taken */
  constructor(private readonly maxMessageBytes: number) {}

  /** The message that has begun and is not complete: its fragments so far count as one. */
  get pending(): Pick<PendingFrame, 'declaredBytes'> | undefined {
    if (this.isStopped || (this.headerBytes === 0 && !this.isFragmented)) return undefined;
    return { declaredBytes: this.messageBytes };
  }

  /** @throws ProtocolViolation `FRAME_TOO_LARGE` when a message is longer than `maxMessageBytes` */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.isStopped) {
      if (this.payloadLeft === 0) {
        this.takeHeaderByte(chunk[at] ?? 0);
        at += 1;
      } else {
        const taken = Math.min(this.payloadLeft, chunk.length - at);
        this.payloadLeft -= taken;
        at += taken;
        if (this.payloadLeft === 0) this.endFrame();
      }
    }
  }

  /** Nothing is followed from here on. */
  stop(): void {
    this.isStopped = true;
  }

  private get opcode(): number {
    return (this.header[0] ?? 0) & 0x0f;
  }

  private get isControl(): boolean {
    return this.opcode >= CLOSE;
  }

  private takeHeaderByte(byte: number): void {
    this.header[this.headerBytes] = byte;
    this.headerBytes += 1;
    if (this.headerBytes < 2 || this.headerBytes < this.wholeHeaderBytes) return;
    this.payloadLeft = this.declaredLength;
    if (!this.isControl) {
      this.messageBytes += this.payloadLeft;
      if (this.messageBytes > this.maxMessageBytes) {
        this.stop();
        const message = `a message must be at most ${String(this.maxMessageBytes)} bytes: ${String(this.messageBytes)} are declared`;
        throw new ProtocolViolation('FRAME_TOO_LARGE', message);
      }
    }
    if (this.payloadLeft === 0) this.endFrame();
  }

  private get wholeHeaderBytes(): number {
    const second = this.header[1] ?? 0;
    return 2 + lengthBytesOf(second) + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
  }

  private get declaredLength(): number {
    const second = this.header[1] ?? 0;
    const lengthBytes = lengthBytesOf(second);
    if (lengthBytes === 0) return second & ~MASKED;
    return this.header.subarray(2, 2 + lengthBytes).reduce((length, byte) => length * 256 + byte, 0);
  }

  private endFrame(): void {
    const isFinal = ((this.header[0] ?? 0) & FINAL) !== 0;
    this.headerBytes = 0;
    this.framesRead += 1;
    if (this.opcode === CLOSE) {
      this.isConcluded = true;
      this.stop();
    } else if (!this.isControl) {
      this.isFragmented = !isFinal;
      if (isFinal) this.messageBytes = 0;
    }
    if (this.isFragmented) return;
    this.framesDecoded += 1;
  }
}

function lengthBytesOf(second: number): number {
  const length = second & ~MASKED;
  return length === 127 ? 8 : length === 126 ? 2 : 0;
}
