import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { until } from './until.js';

/** A JSON message, as the tests see it. */
export type RawMessage = Readonly<Record<string, unknown>>;

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
export class RawPeer {
  /** What the other end has said so far, in order. */
  readonly messages: RawMessage[] = [];
  private held: Buffer = Buffer.alloc(0);
  private answersPings = false;

  constructor(
    readonly socket: Socket,
    { reads = true }: RawPeerOptions = {},
  ) {
    // Whoever breaks the rules must expect to be reset.
    socket.setNoDelay().on('error', () => undefined);
    if (reads) socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  static async connect(url: string, options?: RawPeerOptions): Promise<RawPeer> {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port), allowHalfOpen: false });
    const peer = new RawPeer(socket, options);
    await once(socket, 'connect');
    return peer;
  }

  get localPort(): number | undefined {
    return this.socket.localPort;
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /** @returns whether there is room for more */
  write(bytes: Uint8Array): boolean {
    return this.socket.write(bytes);
  }

  /** Each in a frame of its own, all in one write. */
  send(...messages: readonly unknown[]): boolean {
    return this.write(Buffer.concat(messages.map(messageFrame)));
  }

  answerPings(): void {
    this.answersPings = true;
  }

  /** The first message that has these members; it may have come already. */
  async received(members: RawMessage, withinMs?: number): Promise<RawMessage> {
    const wanted = JSON.stringify(members);
    const isOver = (): boolean => this.isClosed || this.find(members) !== undefined;
    await until(`${wanted} is received`, isOver, withinMs);
    const message = this.find(members);
    if (message === undefined) throw new Error(`closed before ${wanted} came, after ${this.heard}`);
    return message;
  }

  /** Waits until the other end has closed. */
  async closed(): Promise<void> {
    await until(`the other end closes, after ${this.heard}`, () => this.isClosed);
  }

  close(): void {
    this.socket.destroy();
  }

  private get heard(): string {
    return JSON.stringify(this.messages.slice(-5));
  }

  private find(members: RawMessage): RawMessage | undefined {
    return this.messages.find((message) =>
      Object.entries(members).every(([name, value]) => message[name] === value),
    );
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
    if (this.answersPings && message.type === 'ping') this.send({ ...message, type: 'pong' });
  }
}
