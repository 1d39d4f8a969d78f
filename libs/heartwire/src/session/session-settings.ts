import type { Credentials } from '../options/authenticate.js';
import type { Codec } from './codec.js';
import type { HeartbeatSettings } from './heartbeat-monitor.js';
import type { SharedSendBuffer } from './shared-send-buffer.js';

/** What one end brings to a session. */
export interface SessionSettings {
  /** Names the connection on the accepting end. */
  readonly clientId: string;
  /** What the dialling end calls itself, for the other end's logs. */
  readonly name?: string | undefined;
  readonly heartbeat: HeartbeatSettings;
  /** Dialling end: gives what proves who it is, to who asks for it. */
  readonly token?: (() => string | Promise<string>) | undefined;
  /** Accepting end: asks who the other end is. Rejects to refuse it, whatever with. */
  readonly authenticate?: ((credentials: Credentials) => Promise<void>) | undefined;
  /** How long the handshake may take, in ms. For the accepting end it is over with `hello`, where it authenticates. */
  readonly handshakeTimeoutMs: number;
  /** How long what runs may still take once the other end has finished sending or has left, in ms. */
  readonly drainTimeoutMs: number;
  /** How long a session waits for a new link, in ms; 0 ends it with its link. */
  readonly resumeWindowMs: number;
  readonly limits: SessionLimits;
  /** What may wait beyond `limits.sendBufferBytes`, here and in the other sessions of this end. */
  readonly sharedSendBuffer?: SharedSendBuffer | undefined;
  readonly codec?: Codec | undefined;
}

export interface SessionLimits {
  readonly maxFrameBytes: number;
  readonly sendBufferBytes: number;
  /** What may be on its way without an acknowledgement: the send window. */
  readonly deliveryLogBytes: number;
  readonly waitingCalls: number;
  readonly waitingBytes: number;
  readonly runningCallsPerConnection: number;
  readonly waitingEvents: number;
  readonly waitingEventBytes: number;
  readonly incomingStreams: number;
  readonly incomingStreamBytes: number;
  readonly streamBufferItems: number;
  readonly streamBufferBytes: number;
  readonly outgoingStreamBytes: number;
}
