import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Outgoing } from '../protocol/outgoing.js';
import type { ProtocolViolation } from '../protocol/protocol-violation.js';

/**
 * Carries whole messages between two peers and knows nothing of what they mean.
 * A session drives it; stream sockets (TCP, TLS, Unix), WebSockets and memory implement it.
 */
export interface Link {
  /** Where the other end is, for people: `tcp://10.0.0.7:51034`, `unix:///run/app.sock`. */
  readonly remote: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Bytes handed over that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** The moment of the last byte received, on the link's clock, in ms. */
  readonly heardAt: number;
  /**
   * How many times as long as agreed its silence may last. More than 1 where a message is seen when all of it is here, and
   * a long one may be on its way. Default: 1.
   */
  readonly patience?: number;
  /** Whether what the other end says is read now. Missing on a link that always reads. */
  readonly isReading?: boolean;
  /** What carries it (a `net.Socket`), for `unwrap()`. */
  readonly carrier: unknown;

  /** Starts delivery; called again, what follows goes to another receiver. */
  open(receiver: LinkReceiver): void;
  /** Hands over a batch, in order, as one write. `false` means full: wait for `writable()`. */
  send(batch: readonly Outgoing[]): boolean;
  /** Finishes what was handed over, then says that nothing more will follow. */
  end(): void;
  /** Ends both directions now. `closed()` follows. */
  destroy(): void;
}

/** What a link tells its session. After `closed()` it says nothing more. */
export interface LinkReceiver {
  /** One JSON message. `frameBytes` is what it took on the wire. */
  text(text: string, frameBytes: number): void;
  /** One binary envelope, in the parts in which it came: one or more. They are views of what the carrier read. */
  binary(parts: readonly Uint8Array[]): void;
  /** The other end broke the framing. Nothing more is delivered. */
  violated(violation: ProtocolViolation): void;
  /** There is room again after `send` returned `false`. */
  writable(): void;
  /** The other end has finished sending, but may still read. */
  peerEnded(): void;
  /** The link is gone. Said exactly once; `error` is missing when both ends finished in order. */
  closed(error?: HeartwireError): void;
}
