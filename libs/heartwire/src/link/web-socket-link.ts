import type { Socket } from 'node:net';

import { WebSocket } from 'ws';

import { ErrorCode } from '../errors/error-code.js';
import { fromNodeError } from '../errors/node-error.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { WebSocketEncoder } from '../protocol/web-socket-encoder.js';
import { WebSocketProgress } from '../protocol/web-socket-progress.js';
import type { Clock } from '../timing/clock.js';
import type { Link, LinkReceiver } from './link.js';
import { LinkOverSocket, type SocketLinkSettings } from './link-over-socket.js';
import { utf8Text } from './utf8-text.js';

/** Status codes of the close frame (RFC 6455, section 7.4.1). */
const CLOSED_IN_ORDER = 1_000;
const CLOSE_CODES = { PROTOCOL_ERROR: 1_002, FRAME_TOO_LARGE: 1_009 } as const;

/**
 * What `ws` is asked for, at both ends. What it would refuse by a close frame alone, and the pongs that a flood of
 * pings would have it pile up, are this link's own business.
 */
export function webSocketOptions(maxFrameBytes: number): {
  perMessageDeflate: false;
  maxPayload: number;
  skipUTF8Validation: true;
  autoPong: false;
} {
  return { perMessageDeflate: false, maxPayload: maxFrameBytes, skipUTF8Validation: true, autoPong: false };
}

/**
 * A link over an open WebSocket. `ws` reads it; what is sent is written straight to its socket, whole frames at a time,
 * so that what is said in one tick is one write, and what goes to many is encoded once.
 */
export class WebSocketLink extends LinkOverSocket implements Link {
  private readonly progress: WebSocketProgress;
  private closeCode: number = CLOSED_IN_ORDER;
  private isOver = false;

  /** @param webSocket just opened. It is paused until the link is opened, as nobody would hear what it says. */
  constructor(
    private readonly webSocket: WebSocket,
    socket: Socket,
    private readonly encoder: WebSocketEncoder,
    clock: Clock,
    settings: SocketLinkSettings,
  ) {
    webSocket.pause();
    const progress = new WebSocketProgress(settings.maxFrameBytes);
    super(socket, clock, 'ws', progress, webSocket, settings);
    this.progress = progress;
    // Until the link is opened, its failure is only noted: `closed` tells it then.
    webSocket.on('error', this.onError);
    socket.on('error', this.onSocketError);
  }

  open(receiver: LinkReceiver): void {
    const isOpen = this.receiver !== undefined;
    this.receiver = receiver;
    if (isOpen) return;
    this.webSocket.on('message', this.onMessage).on('ping', this.onPing);
    this.socket
      // Before `ws` reads it, so that who hears of a message also knows when it came.
      .prependListener('data', () => {
        this.heard();
      })
      .on('data', this.afterData)
      .on('end', this.onEnd)
      .on('drain', () => {
        this.receiver?.writable();
      });
    if (this.socket.closed) process.nextTick(this.onClose);
    else this.socket.on('close', this.onClose);
    this.webSocket.resume();
  }

  send(batch: readonly Outgoing[]): boolean {
    // Nothing may follow a close frame.
    return this.webSocket.readyState !== WebSocket.OPEN || this.write(this.encoder.encode(batch));
  }

  end(): void {
    this.webSocket.close(this.closeCode);
  }

  destroy(): void {
    this.stop();
    this.socket.destroy();
  }

  private readonly onMessage = (data: unknown, isBinary: boolean): void => {
    const bytes = data as Buffer;
    // An empty message counts as a sign of life and carries nothing.
    if (this.isOver || bytes.length === 0) return;
    if (isBinary) {
      this.receiver?.binary([bytes]);
      return;
    }
    try {
      this.receiver?.text(utf8Text(bytes), bytes.length);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.violated(error);
    }
  };

  /** Who doesn't read what it is told gets no pongs either, so that they can't pile up. */
  private readonly onPing = (data: Buffer): void => {
    if (!this.isOver && !this.socket.writableNeedDrain) this.webSocket.pong(data);
  };

  /** What this chunk has completed is delivered already. */
  private readonly afterData = (chunk: Buffer): void => {
    if (this.isOver) return;
    const { framesRead } = this.progress;
    try {
      this.progress.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      // In this tick, since `ws` sends its close frame in the next, and then nothing can be said any more.
      this.violated(error);
      return;
    }
    if (this.progress.isConcluded) {
      this.onEnd();
      return;
    }
    this.wasRead(this.progress.framesRead - framesRead);
  };

  private readonly onError = (error: Error): void => {
    if (this.isOver) return;
    this.violated(
      new ProtocolViolation('PROTOCOL_ERROR', `the WebSocket framing is broken: ${error.message}`),
    );
  };

  private readonly onSocketError = (error: Error): void => {
    this.failure ??= fromNodeError(error, ErrorCode.CONNECTION_LOST);
    this.socket.destroy();
  };

  /** By a close frame, or without one. `ws` has answered it, and ends the socket. */
  private readonly onEnd = (): void => {
    if (this.isOver) return;
    this.stop();
    this.receiver?.peerEnded();
  };

  private readonly onClose = (): void => {
    this.stop();
    this.receiver?.closed(this.failure);
  };

  violated(violation: ProtocolViolation): void {
    this.stop();
    this.closeCode = CLOSE_CODES[violation.code];
    this.receiver?.violated(violation);
  }

  private stop(): void {
    this.isOver = true;
    this.progress.stop();
    this.partialFrame.stop();
    this.pace?.stop();
  }
}
