import type { HeartwireError } from '../errors/heartwire-error.js';
import type { CallId, ChunkMessage, EventMessage, RequestMessage } from '../protocol/messages.js';
import type { Clock } from '../timing/clock.js';
import type { Codec } from './codec.js';
import type { StreamBounds } from './outgoing-stream.js';
import type { ServedStreamsHost } from './served-streams.js';

export interface ServedLimits extends StreamBounds {
  readonly runningCallsPerConnection: number;
  readonly waitingEvents: number;
  readonly waitingEventBytes: number;
  /** Streams that the other end may send here at once. */
  readonly incomingStreams: number;
  /** What these may have waiting for their consumers. */
  readonly incomingStreamBytes: number;
}

/** What the keeper of served calls asks of its session. */
export interface ServedHost extends ServedStreamsHost {
  readonly codec: Codec | undefined;
  /** What it is still at work on was told by the other end, which may go meanwhile. */
  readonly inbound: { readonly isDecoding: boolean };
  /** Nothing runs any more for the other end. */
  settled(): void;
}

/** What a session asks of whoever serves the calls and events of the other end. */
export interface Served {
  /** How many run. */
  readonly count: number;
  readonly isIdle: boolean;
  /** What has arrived and waits for its handler: events, and items of streams. In bytes. */
  readonly waitingBytes: number;
  /** A call, or an event whose sender waits for its end. */
  request(message: RequestMessage | EventMessage, id: CallId): void;
  /** An event that nobody waits for. */
  event(message: EventMessage, sizeBytes: number): void;
  /** An item of a caller's stream. */
  chunk(message: ChunkMessage, frameBytes: number): void;
  chunkEnd(id: CallId, err: unknown): void;
  /** The caller can take more items of an answer. */
  credit(id: CallId, items: number): void;
  cancel(id: CallId): void;
  /** New calls fail with `DRAINING`, which their caller may send elsewhere. */
  refuseNew(reason: string): void;
  /** Stops the calls, whose answers nobody wants any more, and begins no others that were still read. Events go on. Missing where nothing runs on: in a page. */
  cancelCalls?(reason: HeartwireError): void;
  /** Stops everything that runs, and tells nobody: the other end is gone. */
  cancelAll(reason: HeartwireError): void;
  /** Fails everything that still runs, and says so to the callers. */
  failAll(reason: HeartwireError): void;
}

/** Makes the one who serves, for a session. `limits` has the other end's once that is known. */
export type Serve = (host: ServedHost, clock: Clock, limits: ServedLimits) => Served;
