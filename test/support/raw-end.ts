import type { Socket } from 'node:net';

import { until } from './until.js';

/** A JSON message, as the tests see it. */
export type RawMessage = Readonly<Record<string, unknown>>;

/** One end of a connection that says only what a test tells it to, and keeps what it hears. */
export abstract class RawEnd {
  /** The JSON messages that the other end has said so far, in order. */
  readonly messages: RawMessage[] = [];

  protected constructor(readonly socket: Socket) {
    // Whoever breaks the rules must expect to be reset.
    socket.setNoDelay().on('error', () => undefined);
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
    return this.write(Buffer.concat(messages.map((message) => this.frameOf(JSON.stringify(message)))));
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

  protected abstract frameOf(text: string): Buffer;

  private get heard(): string {
    return JSON.stringify(this.messages.slice(-5));
  }

  private find(members: RawMessage): RawMessage | undefined {
    return this.messages.find((message) =>
      Object.entries(members).every(([name, value]) => message[name] === value),
    );
  }
}
