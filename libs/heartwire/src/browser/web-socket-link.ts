import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import type { Link, LinkReceiver } from '../link/link.js';
import { closeEnvelope } from '../protocol/binary-envelope.js';
import { isEnvelope, type Outgoing, wholeText } from '../protocol/outgoing.js';
import { ProtocolViolation } from '../protocol/protocol-violation.js';
import type { Clock } from '../timing/clock.js';
import type { WebSocketLike } from './platform.js';

/** What the WebSocket may hold back before it counts as full. */
const FULL_BYTES = 1_048_576;
/** A WebSocket doesn't tell when it has room again. */
const LOOK_AGAIN_MS = 20;

/** A link over a WebSocket that is open. Its closing is given up, not waited for. */
export class WebSocketLink implements Link {
  heardAt: number;
  bytesReceived = 0;
  bytesSent = 0;

  private receiver: LinkReceiver | undefined;
  private isGone = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly carrier: WebSocketLike,
    readonly remote: string,
    private readonly clock: Clock,
    private readonly maxFrameBytes: number,
    readonly patience: number,
  ) {
    this.heardAt = clock.now();
  }

  get bufferedBytes(): number {
    return this.carrier.bufferedAmount;
  }

  open(receiver: LinkReceiver): void {
    const isOpen = this.receiver !== undefined;
    this.receiver = receiver;
    if (isOpen) return;
    this.carrier.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      if (!this.isGone) this.receive(data);
    });
    this.carrier.addEventListener('close', ({ code, reason }: CloseFacts) => {
      this.gone(code === NORMAL ? undefined : closedBy(this.remote, code, reason));
    });
  }

  send(batch: readonly Outgoing[]): boolean {
    for (const message of batch) {
      const data = isEnvelope(message) ? closeEnvelope(message) : wholeText(message);
      this.bytesSent += typeof data === 'string' ? data.length : data.byteLength;
      this.carrier.send(data);
    }
    const isFull = this.bufferedBytes >= FULL_BYTES;
    if (isFull) this.lookAgain();
    return !isFull;
  }

  end(): void {
    this.carrier.close();
  }

  destroy(): void {
    this.carrier.close();
    // Over a network that is gone, the WebSocket would wait for the other end to answer.
    queueMicrotask(() => {
      this.gone();
    });
  }

  private receive(data: unknown): void {
    this.heardAt = this.clock.now();
    // The timer of a page in the background may take a minute, and nothing would be said until then, not even a pong.
    if (this.timer !== undefined) this.look();
    const isText = typeof data === 'string';
    const bytes = isText ? data.length : (data as ArrayBuffer).byteLength;
    this.bytesReceived += bytes;
    if (bytes > this.maxFrameBytes) {
      const message = `a message must be at most ${String(this.maxFrameBytes)} bytes`;
      this.receiver?.violated(new ProtocolViolation('FRAME_TOO_LARGE', message));
    } else if (!isText) {
      this.receiver?.binary([new Uint8Array(data as ArrayBuffer)]);
    } else if (bytes > 0) {
      this.receiver?.text(data, bytes);
    }
  }

  private readonly look = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.bufferedBytes < FULL_BYTES) this.receiver?.writable();
    else this.lookAgain();
  };

  private lookAgain(): void {
    this.timer ??= setTimeout(this.look, LOOK_AGAIN_MS);
  }

  private gone(error?: HeartwireError): void {
    if (this.isGone) return;
    this.isGone = true;
    clearTimeout(this.timer);
    this.receiver?.closed(error);
  }
}

/** The close code of a WebSocket that has ended in order. */
const NORMAL = 1_000;

interface CloseFacts {
  readonly code: number;
  readonly reason: string;
}

function closedBy(remote: string, code: number, reason: string): HeartwireError {
  const message = `${remote} closed the connection: ${String(code)} ${reason}`;
  return new HeartwireError(ErrorCode.CONNECTION_LOST, message);
}
