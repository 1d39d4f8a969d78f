/**
 * What a call is known by: a finite number, or a string of at most 256 characters. Each end
 * chooses the ids of its own calls, so the same id may be in use in both directions at once.
 */
export type CallId = number | string;

/** Short facts that travel beside the data of a call: a trace id, a tenant. */
export type Metadata = Readonly<Record<string, string>>;

/** Calls a handler. The other end answers with responses, an end or a failure. */
export interface RequestMessage {
  readonly kind: 'request';
  readonly id: CallId;
  /** A string, a number or an object: whatever Nest takes as a pattern. */
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata?: Metadata | undefined;
  /** How long the caller will still wait, in ms. */
  readonly timeoutMs?: number | undefined;
  /** The caller sends a stream of chunks after it. */
  readonly stream?: true | undefined;
}

/** Tells something. With an `id`, the other end says when every handler has finished. */
export interface EventMessage {
  readonly kind: 'event';
  readonly id?: CallId | undefined;
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata?: Metadata | undefined;
}

/** One value of an answer; `isDisposed` marks the last. */
export interface ResponseMessage {
  readonly kind: 'response';
  readonly id: CallId;
  readonly response: unknown;
  readonly isDisposed: boolean;
  /** It is a piece of bytes that were cut: more of them follow. */
  readonly more?: boolean | undefined;
  /** It is part of a stream of bytes: where its items begin and end means nothing. */
  readonly byteStream?: boolean | undefined;
}

/** An answer is complete, without a further value. */
export interface EndMessage {
  readonly kind: 'end';
  readonly id: CallId;
}

/** A call failed. `err` is never `null` or `undefined`. */
export interface FailureMessage {
  readonly kind: 'failure';
  readonly id: CallId;
  readonly err: unknown;
}

/** One item of a stream that the caller sends. */
export interface ChunkMessage {
  readonly kind: 'chunk';
  readonly id: CallId;
  readonly chunk: unknown;
  /** It is a piece of bytes that were cut: more of them follow. */
  readonly more?: boolean | undefined;
  /** It is part of a stream of bytes: where its items begin and end means nothing. */
  readonly byteStream?: boolean | undefined;
}

/** A stream that the caller sends is complete, or failed when there is an `err`. */
export interface ChunkEndMessage {
  readonly kind: 'chunk-end';
  readonly id: CallId;
  readonly err?: unknown;
}

/** The caller no longer wants the answer; with `stream`, the called end no longer wants the caller's stream. */
export interface CancelMessage {
  readonly kind: 'cancel';
  readonly id: CallId;
  readonly stream?: true | undefined;
}

/** The caller can take `n` more items of the answer; with `stream`, the called end of the caller's stream. */
export interface CreditMessage {
  readonly kind: 'credit';
  readonly id: CallId;
  readonly n: number;
  readonly stream?: true | undefined;
}

/** The accepting end's first message: what it expects. Times in ms. */
export interface WelcomeMessage {
  readonly kind: 'welcome';
  readonly protocol: number;
  readonly clientId: string;
  readonly heartbeatInterval: number;
  readonly heartbeatTimeout: number;
  readonly maxFrameBytes: number;
  readonly maxInFlight: number;
  readonly authentication: 'none' | 'token';
}

/** What a peer needs to prove in order to take up a session again. */
export interface Resumption {
  readonly session: string;
  readonly secret: string;
  /** How many counted messages it has received. */
  readonly received: number;
}

/** Opens a session, or takes one up again. Times in ms. */
export interface HelloMessage {
  readonly kind: 'hello';
  readonly protocol: number;
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  readonly heartbeatInterval?: number | undefined;
  readonly heartbeatTimeout?: number | undefined;
  /** The longest frame that the dialling end takes, in bytes. */
  readonly maxFrameBytes?: number | undefined;
  /** How many calls of the other end the dialling end runs at once. */
  readonly maxInFlight?: number | undefined;
  readonly resume?: Resumption | undefined;
}

/** The answer to a hello: the session stands. Times in ms. */
export interface ReadyMessage {
  readonly kind: 'ready';
  readonly session: string;
  readonly secret: string;
  readonly resumed: boolean;
  readonly received: number;
  readonly heartbeatInterval: number;
  readonly heartbeatTimeout: number;
}

/** Asks for a pong with the same timestamp. */
export interface PingMessage {
  readonly kind: 'ping';
  readonly timestamp: number | string;
  readonly received?: number | undefined;
}

/** The answer to a ping. On the wire also known as `heartbeat`. */
export interface PongMessage {
  readonly kind: 'pong';
  readonly timestamp: number | string;
  readonly received?: number | undefined;
}

/** How many counted messages have arrived. */
export interface AckMessage {
  readonly kind: 'ack';
  readonly received: number;
}

/** No new calls here, please. What runs will be finished within `graceMs`. */
export interface GoawayMessage {
  readonly kind: 'goaway';
  readonly reason: string;
  readonly graceMs: number;
}

/** Asks the other end how it sees this connection. */
export interface StatusMessage {
  readonly kind: 'status';
}

/** How the sender sees this connection. Moments are ms since 1970, durations ms. */
export interface StatusResponseMessage extends ConnectionFacts {
  readonly kind: 'status-response';
}

/** How one end sees its connection (docs/protocol.md, section 2, `status_response`). Times in ms, moments in ms since 1970. */
export interface ConnectionFacts {
  readonly clientId: string;
  /** The moment at which this link was opened. */
  readonly connectTime: number;
  /** How long ago that is. */
  readonly uptime: number;
  /** The last round trip; `null` until it was measured. */
  readonly rtt: number | null;
  /** Pings sent. */
  readonly heartbeatCount: number;
  /** Pings since the last sign of life. */
  readonly missedHeartbeats: number;
  /** The moment of the last sign of life. */
  readonly lastHeartbeat: number;
  /** Whether its sender is not taken for dead. */
  readonly isAlive: boolean;
  /** Over this link. */
  readonly bytesReceived: number;
  /** Over this link. */
  readonly bytesSent: number;
}

/** The other end broke the protocol. The sender closes after it. */
export interface ErrorMessage {
  readonly kind: 'error';
  readonly code: string;
  readonly message: string;
}

/** What a session counts (docs/protocol.md, section 4). */
export type CallMessage =
  | RequestMessage
  | EventMessage
  | ResponseMessage
  | EndMessage
  | FailureMessage
  | ChunkMessage
  | ChunkEndMessage
  | CancelMessage
  | CreditMessage;

/** What keeps the connection itself going. */
export type ControlMessage =
  | WelcomeMessage
  | HelloMessage
  | ReadyMessage
  | PingMessage
  | PongMessage
  | AckMessage
  | GoawayMessage
  | StatusMessage
  | StatusResponseMessage
  | ErrorMessage;

/** Any message of docs/protocol.md, section 2, told apart by `kind`. */
export type Message = CallMessage | ControlMessage;

const CONTROL_KINDS: ReadonlySet<Message['kind']> = new Set<ControlMessage['kind']>([
  'ping',
  'pong',
  'ack',
  'welcome',
  'hello',
  'ready',
  'goaway',
  'status',
  'status-response',
  'error',
]);

/** Control messages are not counted (docs/protocol.md, section 4). */
export function isControlMessage(message: Message): message is ControlMessage {
  return CONTROL_KINDS.has(message.kind);
}
