import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import { ErrorCode } from '../errors/error-code.js';
import type { HeartwireError } from '../errors/heartwire-error.js';
import { fromNodeError } from '../errors/node-error.js';
import { FrameDecoder } from '../protocol/frame-decoder.js';
import type { FrameEncoder, Outgoing } from '../protocol/frame-encoder.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Clock } from '../timing/clock.js';
import type { Link, LinkReceiver } from './link.js';
import { PartialFrameDeadline } from './partial-frame-deadline.js';
import { ReadingPace } from './reading-pace.js';
import { remoteUrl } from './remote-url.js';
import { utf8Text } from './utf8-text.js';

export interface SocketLinkSettings {
  readonly maxFrameBytes: number;
  readonly frameTimeoutMs: number;
  /** How many frames are read a second. Default: any number. */
  readonly messagesPerSecond?: number | undefined;
}

const HEADER_BYTES = 4;

/** How those begin who speak something else, and what they should be told. */
const STRANGERS: readonly { readonly begins: readonly number[]; readonly message: string }[] = [
  {
    // A handshake's record type, and the major version.
    begins: [0x16, 0x03],
    message: 'TLS is not spoken here: it was dialled with tls:// instead of tcp://',
  },
  {
    begins: [...Buffer.from('GET ')],
    message: 'HTTP is not spoken here: it was dialled with ws:// instead of tcp://, or by a browser',
  },
];

/** A link over a connected stream socket: TCP, TLS or a Unix socket. */
export class SocketLink implements Link {
  readonly remote: string;

  private lastHeardAt: number;
  private readonly decoder: FrameDecoder;
  private readonly partialFrame: PartialFrameDeadline;
  private readonly pace: ReadingPace | undefined;
  private receiver: LinkReceiver | undefined;
  private failure: HeartwireError | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly encoder: FrameEncoder,
    private readonly clock: Clock,
    settings: SocketLinkSettings,
  ) {
    this.remote = remoteUrl(socket, socket instanceof TLSSocket ? 'tls' : 'tcp');
    this.lastHeardAt = clock.now();
    this.decoder = new FrameDecoder(settings.maxFrameBytes, (bytes) => Buffer.allocUnsafeSlow(bytes));
    this.partialFrame = new PartialFrameDeadline(
      this.decoder,
      clock,
      settings.frameTimeoutMs,
      (violation) => {
        this.violated(violation);
      },
    );
    const { messagesPerSecond = Infinity } = settings;
    if (messagesPerSecond === Infinity) return;
    this.pace = new ReadingPace(socket, messagesPerSecond, clock, () => {
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

  open(receiver: LinkReceiver): void {
    const isOpen = this.receiver !== undefined;
    this.receiver = receiver;
    if (isOpen) return;
    this.socket
      .on('data', this.onData)
      .on('drain', () => {
        this.receiver?.writable();
      })
      .on('end', () => {
        this.receiver?.peerEnded();
      })
      .on('error', (error) => {
        this.failure ??= fromNodeError(error, ErrorCode.CONNECTION_LOST);
        // TLS leaves that to us once it has shaken hands.
        this.socket.destroy();
      })
      .on('close', () => {
        this.partialFrame.stop();
        this.pace?.stop();
        this.decoder.stop();
        this.receiver?.closed(this.failure);
      });
  }

  send(batch: readonly Outgoing[]): boolean {
    const buffers = this.encoder.encode(batch);
    const [only] = buffers;
    if (buffers.length === 1 && only !== undefined) return this.socket.write(only);
    let hasRoom = true;
    this.socket.cork();
    for (const buffer of buffers) hasRoom = this.socket.write(buffer);
    this.socket.uncork();
    return hasRoom;
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.decoder.stop();
    this.socket.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.lastHeardAt = this.clock.now();
    const { framesDecoded } = this.decoder;
    try {
      this.decoder.push(chunk, this.onFrame);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.violated(this.explain(error, chunk));
      return;
    }
    const rests = this.pace?.spend(this.decoder.framesDecoded - framesDecoded) ?? false;
    if (rests) this.partialFrame.stop();
    else this.partialFrame.check();
  };

  private readonly onFrame = (bytes: Uint8Array, start: number, end: number, isBinary: boolean): void => {
    if (isBinary) {
      this.receiver?.binary(bytes.subarray(start, end));
      return;
    }
    this.receiver?.text(utf8Text(bytes as Buffer, start, end), end - start + HEADER_BYTES);
  };

  /** One who speaks TLS to a plain port would otherwise be told of a frame of 353 MiB. */
  private explain(violation: ProtocolViolation, chunk: Buffer): ProtocolViolation {
    if (this.bytesReceived !== chunk.length) return violation;
    const stranger = STRANGERS.find(({ begins }) => begins.every((byte, at) => chunk[at] === byte));
    return stranger === undefined ? violation : new ProtocolViolation('PROTOCOL_ERROR', stranger.message);
  }

  private violated(violation: ProtocolViolation): void {
    this.decoder.stop();
    this.partialFrame.stop();
    this.receiver?.violated(violation);
  }
}
