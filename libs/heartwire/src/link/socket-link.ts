import type { Socket } from 'node:net';

import { ErrorCode } from '../errors/error-code.js';
import { fromNodeError } from '../errors/node-error.js';
import { FrameDecoder } from '../protocol/frame-decoder.js';
import type { FrameEncoder } from '../protocol/frame-encoder.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Clock } from '../timing/clock.js';
import type { Link, LinkReceiver } from './link.js';
import { LinkOverSocket, type SocketLinkSettings } from './link-over-socket.js';
import { utf8Text } from './utf8-text.js';

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
export class SocketLink extends LinkOverSocket implements Link {
  private readonly decoder: FrameDecoder;

  constructor(
    socket: Socket,
    private readonly encoder: FrameEncoder,
    clock: Clock,
    settings: SocketLinkSettings,
  ) {
    const decoder = new FrameDecoder(settings.maxFrameBytes);
    super(socket, clock, 'tcp', decoder, socket, settings);
    this.decoder = decoder;
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
    return this.write(this.encoder.encode(batch));
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.decoder.stop();
    this.socket.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.heard();
    const { framesDecoded } = this.decoder;
    try {
      this.decoder.push(chunk, this.onFrame, this.onParts);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.violated(this.explain(error, chunk));
      return;
    }
    this.wasRead(this.decoder.framesDecoded - framesDecoded);
  };

  private readonly onFrame = (bytes: Uint8Array, start: number, end: number, isBinary: boolean): void => {
    if (isBinary) {
      this.receiver?.binary([bytes.subarray(start, end)]);
      return;
    }
    this.receiver?.text(utf8Text(bytes as Buffer, start, end), end - start + HEADER_BYTES);
  };

  private readonly onParts = (parts: readonly Uint8Array[]): void => {
    this.receiver?.binary(parts);
  };

  /** One who speaks TLS to a plain port would otherwise be told of a frame of 353 MiB. */
  private explain(violation: ProtocolViolation, chunk: Buffer): ProtocolViolation {
    if (this.bytesReceived !== chunk.length) return violation;
    const stranger = STRANGERS.find(({ begins }) => begins.every((byte, at) => chunk[at] === byte));
    return stranger === undefined ? violation : new ProtocolViolation('PROTOCOL_ERROR', stranger.message);
  }

  violated(violation: ProtocolViolation): void {
    this.decoder.stop();
    this.partialFrame.stop();
    this.receiver?.violated(violation);
  }
}
