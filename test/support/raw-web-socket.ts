import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { RawEnd, type RawMessage } from './raw-end.js';
import { until } from './until.js';

/** Opcodes of frames (RFC 6455, section 5.2). */
export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

interface FrameOptions {
  readonly opcode?: number;
  /** Default: true. */
  readonly isFinal?: boolean;
  /** Default: true, as a client must. */
  readonly isMasked?: boolean;
  /** What the header says, instead of the truth. */
  readonly declaredBytes?: number;
}

/** One frame, right or wrong. */
export function webSocketFrame(
  payload: string | Uint8Array,
  { opcode = TEXT, isFinal = true, isMasked = true, declaredBytes }: FrameOptions = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const length = declaredBytes ?? bytes.length;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const header = Buffer.alloc(size);
  header[0] = (isFinal ? 0x80 : 0) | opcode;
  header[1] = (isMasked ? 0x80 : 0) | (size === 2 ? length : size === 4 ? 126 : 127);
  if (size === 4) header.writeUInt16BE(length, 2);
  if (size === 10) header.writeBigUInt64BE(BigInt(length), 2);
  if (!isMasked) return Buffer.concat([header, bytes]);
  const mask = Buffer.from([7, 77, 177, 250]);
  return Buffer.concat([header, mask, bytes.map((byte, at) => byte ^ (mask[at & 3] ?? 0))]);
}

interface ConnectOptions {
  /** Lines beside those that every upgrade has. */
  readonly headers?: readonly string[];
  /** Default: that of the url. */
  readonly path?: string;
}

/**
 * A WebSocket of bytes, for what neither a Heartwire client nor any library would say. It shares no code
 * with them, and answers nothing by itself but the other end's close frame.
 */
export class RawWebSocket extends RawEnd {
  /** Opcodes of all frames so far. */
  readonly opcodes: number[] = [];
  /** The code of the other end's close frame. */
  closeCode: number | undefined;
  /** The answer to the upgrade, up to the empty line. */
  response = '';
  private held: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    super(socket);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  /** Connects, and asks for a WebSocket. Resolves once that is answered. */
  static async connect(url: string, { headers = [], path }: ConnectOptions = {}): Promise<RawWebSocket> {
    const { hostname: host, port, pathname } = new URL(url);
    const peer = new RawWebSocket(connect({ host, port: Number(port) }));
    await once(peer.socket, 'connect');
    peer.socket.write(
      [
        `GET ${path ?? pathname} HTTP/1.1`,
        `Host: ${host}:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
        '',
        '',
      ].join('\r\n'),
    );
    await until('the upgrade is answered', () => peer.response !== '' || peer.isClosed);
    return peer;
  }

  get status(): number {
    return Number(this.response.split(' ')[1]);
  }

  protected override frameOf(text: string): Buffer {
    return webSocketFrame(text);
  }

  private take(chunk: Buffer): void {
    this.held = Buffer.concat([this.held, chunk]);
    if (this.response === '') {
      const end = this.held.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.response = this.held.toString('latin1', 0, end);
      this.held = this.held.subarray(end + 4);
    }
    if (this.status === 101) while (this.takeFrame());
  }

  private takeFrame(): boolean {
    const { held } = this;
    if (held.length < 2) return false;
    const short = (held[1] ?? 0) & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (held.length < start) return false;
    const length =
      short < 126 ? short : short === 126 ? held.readUInt16BE(2) : Number(held.readBigUInt64BE(2));
    if (held.length < start + length) return false;
    const payload = held.subarray(start, start + length);
    const opcode = (held[0] ?? 0) & 0x0f;
    this.held = held.subarray(start + length);
    this.opcodes.push(opcode);
    if (opcode === TEXT) this.messages.push(JSON.parse(payload.toString()) as RawMessage);
    if (opcode === CLOSE) {
      this.closeCode = payload.length < 2 ? 1_005 : payload.readUInt16BE();
      this.write(webSocketFrame(payload, { opcode: CLOSE }));
    }
    return true;
  }
}
