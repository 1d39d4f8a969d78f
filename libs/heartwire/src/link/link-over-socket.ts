import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import type { HeartwireError } from '../errors/heartwire-error.js';
import type { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Clock } from '../timing/clock.js';
import type { LinkReceiver } from './link.js';
import { type FrameProgress, PartialFrameDeadline, type PartialFrameHost } from './partial-frame-deadline.js';
import { type Pausable, ReadRateLimiter } from './read-rate-limiter.js';
import { remoteUrl } from './remote-url.js';

export interface SocketLinkSettings {
  readonly maxFrameBytes: number;
  readonly frameTimeoutMs: number;
  /** How many frames are read a second. Default: any number. */
  readonly messagesPerSecond?: number | undefined;
}

/** What every link over a stream socket has: where its other end is, what it has carried, and how it is read. */
export abstract class LinkOverSocket implements PartialFrameHost {
  readonly remote: string;

  protected receiver: LinkReceiver | undefined;
  protected failure: HeartwireError | undefined;
  protected readonly partialFrame: PartialFrameDeadline;
  protected readonly pace: ReadRateLimiter | undefined;
  private lastHeardAt: number;

  /** @param reader what is paused when the other end says too much */
  protected constructor(
    protected readonly socket: Socket,
    private readonly clock: Clock,
    protocol: 'tcp' | 'ws',
    progress: FrameProgress,
    reader: Pausable,
    { frameTimeoutMs, messagesPerSecond = Infinity }: SocketLinkSettings,
  ) {
    const secured = protocol === 'tcp' ? 'tls' : 'wss';
    this.remote = remoteUrl(socket, socket instanceof TLSSocket ? secured : protocol);
    this.lastHeardAt = clock.now();
    this.partialFrame = new PartialFrameDeadline(progress, clock, frameTimeoutMs, this);
    if (messagesPerSecond === Infinity) return;
    this.pace = new ReadRateLimiter(reader, messagesPerSecond, clock, () => {
      this.partialFrame.restart();
    });
  }

  /** Who isn't read may well be speaking. */
  get heardAt(): number {
    return this.isReading ? this.lastHeardAt : this.clock.now();
  }

  get isReading(): boolean {
    return this.pace?.isResting !== true;
  }

  get bytesReceived(): number {
    return this.socket.bytesRead;
  }

  get bytesSent(): number {
    return this.socket.bytesWritten;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  get carrier(): Socket {
    return this.socket;
  }

  /** Something came. */
  protected heard(): void {
    this.lastHeardAt = this.clock.now();
  }

  /** As one write. Returns whether there is room for more. */
  protected write(buffers: readonly Uint8Array[]): boolean {
    const [only] = buffers;
    if (buffers.length === 1 && only !== undefined) return this.socket.write(only);
    let hasRoom = true;
    this.socket.cork();
    for (const buffer of buffers) hasRoom = this.socket.write(buffer);
    this.socket.uncork();
    return hasRoom;
  }

  /** So many frames were read to their end. */
  protected wasRead(frames: number): void {
    const rests = this.pace?.spend(frames) ?? false;
    if (rests) this.partialFrame.stop();
    else this.partialFrame.check();
  }

  /** The other end broke the framing. */
  abstract violated(violation: ProtocolViolation): void;
}
