import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { RawEnd, type RawMessage } from './raw-end.js';

interface RawPeerOptions {
  /** Default: true. One that doesn't read takes nothing from the kernel. */
  readonly reads?: boolean;
}

const HEADER_BYTES = 4;

/** A header, right or wrong. @param flags the two top bits of the word: 2 is binary, 1 is reserved */
export function header(declaredBytes: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32BE(flags * 2 ** 30 + declaredBytes);
  return bytes;
}

/** One frame around these bytes or this text. */
export function frame(payload: string | Uint8Array, flags?: number): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([header(bytes.length, flags), bytes]);
}

export const messageFrame = (message: unknown): Buffer => frame(JSON.stringify(message));

/**
 * A peer of bytes, for what no Heartwire client or server would say. It shares no code with the
 * library, says nothing by itself, and answers pings only when asked to.
 */
export class RawPeer extends RawEnd {
  private held: Buffer = Buffer.alloc(0);
  private answersPings = false;

  constructor(socket: Socket, { reads = true }: RawPeerOptions = {}) {
    super(socket);
    if (reads) socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  static async connect(url: string, options?: RawPeerOptions): Promise<RawPeer> {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port), allowHalfOpen: false });
    const peer = new RawPeer(socket, options);
    await once(socket, 'connect');
    return peer;
  }

  /** Also those that have come already. */
  answerPings(): void {
    this.answersPings = true;
    for (const message of this.messages) this.answer(message);
  }

  protected override frameOf(text: string): Buffer {
    return frame(text);
  }

  private take(chunk: Buffer): void {
    let bytes: Buffer = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + bytes.readUInt32BE();
      if (bytes.length < end) break;
      if (end > HEADER_BYTES) this.hear(JSON.parse(bytes.toString('utf8', HEADER_BYTES, end)) as RawMessage);
      bytes = bytes.subarray(end);
    }
    this.held = bytes;
  }

  private hear(message: RawMessage): void {
    this.messages.push(message);
    if (this.answersPings) this.answer(message);
  }

  private answer(message: RawMessage): void {
    if (message.type === 'ping') this.send({ type: 'pong', timestamp: message.timestamp });
  }
}
