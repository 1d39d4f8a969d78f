import { ENVELOPE_LENGTH_BYTES } from './binary-envelope.js';
import { isEnvelope, type Outgoing } from './outgoing.js';
import { MAX_COPIED_BYTES, type WritableBytes, writeText, writeWord } from './writable-bytes.js';

/** What the platform gives to write texts as UTF-8. */
export interface TextPlatform {
  /** Makes a buffer, which need not be cleared. */
  allocate(bytes: number): WritableBytes;
  /** How many bytes a text takes as UTF-8. */
  byteLength(text: string): number;
}

const TEXT_FRAME = 0x81;
const BINARY_FRAME = 0x82;
const MASKED = 0x80;
const MASK_BYTES = 4;
/** Beyond it, two bytes tell the length; beyond the next one, eight. */
const MAX_SHORT_PAYLOAD = 125;
const MAX_MEDIUM_PAYLOAD = 0xffff;

/**
 * Turns batches of messages into WebSocket frames: each message is one text or binary message in one
 * frame (docs/protocol.md, section 1; RFC 6455, section 5.2). One encoder serves any number of links.
 */
export class WebSocketEncoder {
  /** A message that goes to many links, one after the other, is written once. */
  private last: { readonly message: Outgoing; readonly buffers: readonly Uint8Array[] } | undefined;
  private buffers: Uint8Array[] = [];

  /** @param newMask gives four random bytes for each frame, which a dialling end must mask */
  constructor(
    private readonly platform: TextPlatform,
    private readonly newMask?: () => Uint8Array,
  ) {}

  /**
   * The frames of a batch, in order. Bytes beyond 16 KiB that need no mask are not copied: they must
   * not change until they are sent.
   */
  encode(batch: readonly Outgoing[]): readonly Uint8Array[] {
    const [message] = batch;
    if (message === undefined || batch.length > 1 || this.newMask !== undefined) return this.write(batch);
    if (this.last?.message !== message) this.last = { message, buffers: this.write(batch) };
    return this.last.buffers;
  }

  private write(batch: readonly Outgoing[]): readonly Uint8Array[] {
    const sizes = batch.map((message) => this.payloadBytes(message));
    let room = 0;
    batch.forEach((message, index) => {
      const payload = sizes[index] ?? 0;
      room += this.headerBytes(payload) + payload - this.uncopiedBytes(message);
    });
    const target = this.platform.allocate(room);
    let start = 0;
    let at = 0;
    batch.forEach((message, index) => {
      const payload = sizes[index] ?? 0;
      const begin = at + this.putHeader(target, at, payload, isEnvelope(message));
      at = putPayload(target, begin, message, payload, this.uncopiedBytes(message) === 0);
      this.mask(target, begin, at);
      if (this.uncopiedBytes(message) === 0 || !isEnvelope(message)) return;
      this.buffers.push(target.subarray(start, at), message.bytes);
      start = at;
    });
    if (at > start) this.buffers.push(target.subarray(start, at));
    const { buffers } = this;
    this.buffers = [];
    return buffers;
  }

  private payloadBytes(message: Outgoing): number {
    if (typeof message === 'string') return this.platform.byteLength(message);
    if (isEnvelope(message))
      return ENVELOPE_LENGTH_BYTES + this.platform.byteLength(message.header) + message.bytes.byteLength;
    const { head, body, tail } = message;
    return [head, body, tail].reduce((bytes, part) => bytes + this.platform.byteLength(part), 0);
  }

  private uncopiedBytes(message: Outgoing): number {
    if (this.newMask !== undefined || !isEnvelope(message)) return 0;
    return message.bytes.byteLength > MAX_COPIED_BYTES ? message.bytes.byteLength : 0;
  }

  private headerBytes(payload: number): number {
    const lengthBytes = payload <= MAX_SHORT_PAYLOAD ? 0 : payload <= MAX_MEDIUM_PAYLOAD ? 2 : 8;
    return 2 + lengthBytes + (this.newMask === undefined ? 0 : MASK_BYTES);
  }

  /** The mask itself is filled in by {@link mask}. Returns how many bytes the header takes. */
  private putHeader(target: Uint8Array, at: number, payload: number, isBinary: boolean): number {
    const masked = this.newMask === undefined ? 0 : MASKED;
    target[at] = isBinary ? BINARY_FRAME : TEXT_FRAME;
    if (payload <= MAX_SHORT_PAYLOAD) {
      target[at + 1] = masked | payload;
    } else if (payload <= MAX_MEDIUM_PAYLOAD) {
      target[at + 1] = masked | 126;
      target[at + 2] = payload >>> 8;
      target[at + 3] = payload;
    } else {
      target[at + 1] = masked | 127;
      writeWord(target, at + 2, Math.floor(payload / 2 ** 32));
      writeWord(target, at + 6, payload >>> 0);
    }
    return this.headerBytes(payload);
  }

  private mask(target: Uint8Array, from: number, to: number): void {
    if (this.newMask === undefined) return;
    const mask = this.newMask();
    target.set(mask, from - MASK_BYTES);
    for (let at = from; at < to; at += 1) target[at] = (target[at] ?? 0) ^ (mask[(at - from) & 3] ?? 0);
  }
}

/** Returns where the payload ends; without the bytes of an envelope unless they are `copied`. */
function putPayload(
  target: WritableBytes,
  at: number,
  message: Outgoing,
  payload: number,
  copied: boolean,
): number {
  if (!isEnvelope(message)) return at + writeText(message, target, at);
  const headerBytes = payload - ENVELOPE_LENGTH_BYTES - message.bytes.byteLength;
  writeWord(target, at, headerBytes);
  const end = at + ENVELOPE_LENGTH_BYTES + target.write(message.header, at + ENVELOPE_LENGTH_BYTES);
  if (!copied) return end;
  target.set(message.bytes, end);
  return end + message.bytes.byteLength;
}
