import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Link, LinkReceiver } from '../link/link.js';
import { FrameDecoder } from '../protocol/frame-decoder.js';
import type { FrameEncoder } from '../protocol/frame-encoder.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import { monotonicClock } from '../timing/clock.js';
import type { MemoryLane, MemoryLaneReceiver } from './memory-lane.js';

export interface MemoryLinkSettings {
  readonly encoder: FrameEncoder;
  /** So many bytes on their way make `send` say that it is full. */
  readonly highWaterBytes: number;
  /** Sees each JSON message that arrives. */
  readonly onText?: ((text: string) => void) | undefined;
}

const HEADER_BYTES = 4;
const MAX_FRAME_BYTES = 4 * 1_024 ** 2;

/**
 * One end of a {@link MemoryWire}: real frames, in memory. It behaves as a socket does: each end of
 * it is told in a later turn, and what was sent before an end still arrives.
 */
export class MemoryLink implements Link, MemoryLaneReceiver {
  readonly carrier = this;
  bytesReceived = 0;
  bytesSent = 0;
  heardAt = monotonicClock.now();

  private readonly decoder = new FrameDecoder(MAX_FRAME_BYTES);
  private receiver: LinkReceiver | undefined;
  private isClosed = false;
  private isFull = false;
  private hasEnded = false;
  private peerHasEnded = false;

  constructor(
    readonly remote: string,
    private readonly outward: MemoryLane,
    private readonly inward: MemoryLane,
    private readonly settings: MemoryLinkSettings,
  ) {
    outward.onRoom = () => {
      this.hasRoom();
    };
  }

  get bufferedBytes(): number {
    return this.outward.bytes;
  }

  open(receiver: LinkReceiver): void {
    this.receiver = receiver;
    this.inward.open(this);
  }

  send(batch: readonly Outgoing[]): boolean {
    if (this.isClosed) return false;
    for (const bytes of this.settings.encoder.encode(batch)) {
      this.bytesSent += bytes.length;
      this.outward.push(bytes);
    }
    this.isFull = this.outward.bytes >= this.settings.highWaterBytes;
    return !this.isFull;
  }

  end(): void {
    if (this.hasEnded || this.isClosed) return;
    this.hasEnded = true;
    this.outward.end();
    this.closeIfBothEnded();
  }

  destroy(): void {
    if (this.isClosed) return;
    this.outward.end();
    this.close();
  }

  /** The carrier broke. */
  break(message: string): void {
    if (this.isClosed) return;
    this.outward.silence();
    this.close(new HeartwireError(ErrorCode.CONNECTION_LOST, message));
  }

  receive(bytes: Uint8Array): void {
    if (this.isClosed) return;
    this.bytesReceived += bytes.length;
    this.heardAt = monotonicClock.now();
    try {
      this.decoder.push(bytes, this.onFrame, this.onParts);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.receiver?.violated(error);
    }
  }

  receiveEnd(): void {
    if (this.isClosed) return;
    this.peerHasEnded = true;
    this.receiver?.peerEnded();
    this.closeIfBothEnded();
  }

  private hasRoom(): void {
    if (!this.isFull || this.isClosed || this.outward.bytes >= this.settings.highWaterBytes) return;
    this.isFull = false;
    this.receiver?.writable();
  }

  private readonly onFrame = (bytes: Uint8Array, start: number, end: number, isBinary: boolean): void => {
    if (this.isClosed) return;
    const frame = bytes.subarray(start, end);
    if (isBinary) {
      this.receiver?.binary([frame]);
      return;
    }
    const text = Buffer.from(frame).toString('utf8');
    this.settings.onText?.(text);
    this.receiver?.text(text, frame.length + HEADER_BYTES);
  };

  private readonly onParts = (parts: readonly Uint8Array[]): void => {
    if (!this.isClosed) this.receiver?.binary(parts);
  };

  private closeIfBothEnded(): void {
    if (this.hasEnded && this.peerHasEnded) this.close();
  }

  private close(error?: HeartwireError): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.decoder.stop();
    setTimeout(() => {
      this.receiver?.closed(error);
    }, 0);
  }
}
