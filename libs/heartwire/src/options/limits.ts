import { Bytes, Count, Milliseconds } from './checks/numbers.js';

/** V8 has no longer string (`buffer.constants.MAX_STRING_LENGTH`), so a longer JSON message could never be read. */
const MAX_STRING_BYTES = 2 ** 29 - 24;

/** The bounds that both ends have. At each bound something fails with a typed error; nothing grows on. */
export class ConnectionLimits {
  /**
   * The largest message that is accepted or sent. In bytes, from 1024 to 536870888.
   *
   * Default 4 MiB: far above usual messages, and a hostile peer can make a connection hold no more than this. Beyond it
   * the sender's call fails with `FRAME_TOO_LARGE`, and a peer that sends it is cut off. Raise it on both ends for
   * larger messages; better, send a stream.
   */
  @Bytes({ min: 1_024, max: MAX_STRING_BYTES })
  readonly maxFrameBytes: number = 4 * 1_024 ** 2;

  /**
   * How much may wait for a peer that does not read. In bytes, from 1024. Beyond it, and beyond what is left of
   * `limits.sharedSendBufferBytes`, the connection ends with `SLOW_CONSUMER`.
   *
   * Default 16 MiB, or four times `maxFrameBytes` if that is more, so that a large answer can always be sent. Raise it
   * for peers on slow networks that are sent much at once; lower it for very many connections.
   */
  @Bytes({ min: 1_024 })
  readonly sendBufferBytes: number | undefined = undefined;

  /**
   * How much may wait beyond `limits.sendBufferBytes`, for all connections of the server or client taken together. In
   * bytes, from 0. Only for peers that read: one that has taken nothing for a second loses its connection, with
   * `SLOW_CONSUMER`.
   *
   * Default 256 MiB, or sixteen times `limits.sendBufferBytes` if that is less: a thousand calls that are answered with
   * 100 KB each at the same moment pass. Raise it where more is asked for at once; lower it in small containers.
   */
  @Bytes({ min: 0 })
  readonly sharedSendBufferBytes: number | undefined = undefined;

  /**
   * How much may be on its way to the other end without an acknowledgement; it is kept to be sent again over a new
   * link. In bytes, from 65536, as the other end acknowledges no less at once. Beyond it messages wait.
   *
   * Default 16 MiB, or four times `maxFrameBytes` if that is more. Raise it for fast links with long round trips.
   */
  @Bytes({ min: 65_536 })
  readonly deliveryLogBytes: number | undefined = undefined;

  /**
   * How many calls of one peer run at once on a connection; each end announces its own. A whole number from 1.
   *
   * Default 1024: more than handlers that do work can use. The peer holds further calls back, so nothing fails.
   * Lower it to share a server more evenly between its clients; raise it for handlers that mostly wait.
   */
  @Count({ min: 1 })
  readonly runningCallsPerConnection: number = 1_024;

  /**
   * How many streams the other end may send here at once on a connection, with its calls. A whole number from 1.
   * Further such calls fail with `OVERLOADED`, before a handler started.
   *
   * Default 256: each may hold 64 items, or 1 MiB, that wait for its handler. Lower it where strangers send streams.
   */
  @Count({ min: 1 })
  readonly incomingStreams: number = 256;

  /**
   * How many bytes of the streams that the other end sends here may wait for their handlers, on one connection. From
   * 1024. The call of a stream beyond it fails with `SLOW_CONSUMER`; the others go on.
   *
   * Default 256 MiB, or four times `maxFrameBytes` if that is more: what 256 streams of a Heartwire peer have
   * waiting. Lower it where strangers send streams, together with `limits.incomingStreams`.
   */
  @Bytes({ min: 1_024 })
  readonly incomingStreamBytes: number | undefined = undefined;

  /**
   * How many items an Observable may be ahead of the receiver of its stream. A whole number from 1. Beyond it the stream
   * fails with `SLOW_CONSUMER`, or drops items where its `overflow` says so. Sources that can wait do.
   *
   * Default 65536: a list that is turned into a stream at once passes. Lower it for streams of large items.
   */
  @Count({ min: 1 })
  readonly streamBufferItems: number = 65_536;

  /**
   * How many bytes an Observable may be ahead of the receiver of its stream. From 1024. Beyond it as with
   * `limits.streamBufferItems`.
   *
   * Default 16 MiB. Lower it where many streams run at once.
   */
  @Bytes({ min: 1_024 })
  readonly streamBufferBytes: number = 16 * 1_024 ** 2;

  /**
   * How many bytes all Observables that are sent over one connection may be ahead of their receivers, taken together.
   * From 1024. Beyond it those that are ahead fail as with `limits.streamBufferItems`; the others go on.
   *
   * Default 64 MiB, or four times `maxFrameBytes` if that is more: four full buffers of `limits.streamBufferBytes`. It
   * bounds who asks for a thousand streams and reads none. Raise it where one connection carries very many streams
   * that come in bursts.
   */
  @Bytes({ min: 1_024 })
  readonly outgoingStreamBytes: number | undefined = undefined;

  /**
   * How long a message that has begun may take to arrive, beside its size at 64 KiB/s. In ms, from 100.
   *
   * Default 30000: slow networks pass, and a peer that trickles bytes to hold memory does not. Raise it for
   * networks slower than that.
   */
  @Milliseconds({ min: 100 })
  readonly frameTimeoutMs: number = 30_000;
}

/** The bounds of a server. */
export class ServerLimits extends ConnectionLimits {
  /**
   * How many calls run at once in the whole server. A whole number from 1. Further calls fail with `OVERLOADED`,
   * before a handler started.
   *
   * Default 16384: bounds memory under a flood from many clients. Set it to what the service was measured to bear.
   */
  @Count({ min: 1 })
  readonly runningCalls: number = 16_384;

  /**
   * How many events of one connection may wait for their handlers. A whole number from 1. Beyond it the connection
   * ends with `OVERLOADED`.
   *
   * Default 65536: absorbs a burst. Raise it for longer bursts of small events.
   */
  @Count({ min: 1 })
  readonly waitingEvents: number = 65_536;

  /**
   * How many bytes of events of one connection may wait for their handlers. From 1. Beyond it the connection ends
   * with `OVERLOADED`.
   *
   * Default 64 MiB, or four times `limits.maxFrameBytes` if that is more. Lower it where many connections send
   * large events.
   */
  @Bytes({ min: 1 })
  readonly waitingEventBytes: number | undefined = undefined;

  /**
   * How many sessions may wait for a new link at once. A whole number from 0. Beyond it the one that has waited longest
   * ends.
   *
   * Default 16384: all clients of a large service may lose their links together. Lower it where strangers connect.
   */
  @Count({ min: 0 })
  readonly suspendedSessions: number = 16_384;

  /**
   * How many bytes the sessions that wait for a new link may keep for their clients, taken together: what was sent and not
   * acknowledged, answers and calls that came since, and events and items of streams that wait for their handlers. From 0.
   * Beyond it those that keep most end. Noticed within a second.
   *
   * Default 256 MiB, or four times `limits.maxFrameBytes` if that is more. They take no connection, so no bound of
   * connections holds back who leaves many behind. Lower it where strangers connect and answers are large.
   */
  @Bytes({ min: 0 })
  readonly suspendedBytes: number | undefined = undefined;

  /**
   * How many connections the server holds. A whole number from 1, or `Infinity`. Further ones are closed at once.
   *
   * Default `Infinity`: the system's own limit of open files holds. Set it on servers that strangers can reach.
   */
  @Count({ min: 1, orInfinity: true })
  readonly connections: number = Infinity;

  /**
   * How many connections of one address the server holds. A whole number from 1, or `Infinity`. Further ones are closed at
   * once. The IPv6 addresses that share their first 64 bits count as one, as a single machine may have them all.
   *
   * Default `Infinity`: behind a load balancer, a proxy or NAT, many clients share one address. Set it where
   * clients connect directly.
   */
  @Count({ min: 1, orInfinity: true })
  readonly connectionsPerAddress: number = Infinity;

  /**
   * How many connections may have said nothing yet, or not be let in yet by `authenticate`. A whole number from 1. Beyond it
   * the one that has been so longest is closed: a client that speaks at once is let in, also while silent ones are kept
   * open by the thousand. As many TLS handshakes may be under way.
   *
   * Default 8192: more than the clients whose connections may stand in the system's own line (4096) and in the
   * server's. Lower it where strangers connect.
   */
  @Count({ min: 1 })
  readonly handshakes: number = 8_192;

  /**
   * How long a new connection may say nothing at all. In ms, from 100. Then it ends with `HANDSHAKE_FAILED`. Any message
   * will do; halfway the peer is sent a ping, so one that answers pings may be silent for ever. With `authenticate` it
   * is the time for `hello` and the verdict on it. TLS may take as long before that.
   *
   * Default 5000. Raise it for peers on very slow networks, and where `authenticate` asks a service that may be slow.
   */
  @Milliseconds({ min: 100 })
  readonly handshakeTimeoutMs: number = 5_000;

  /**
   * How many messages of one connection are read in a second; as many may come at once. A number from 1, or `Infinity`.
   * What a peer sends beyond that is read later: nothing fails or is lost, the peer is slowed down.
   *
   * Default `Infinity`. Set it where strangers connect, to several times what a client needs: heartbeats and
   * the parts of streams count too.
   */
  @Count({ min: 1, orInfinity: true })
  readonly messagesPerSecond: number = Infinity;

  /**
   * How many objects may lie in each other in the pattern of a call. A whole number from 1 to 6. A call or event with a deeper
   * pattern has no handler: `NO_HANDLER`.
   *
   * Default 6: Nest looks no deeper, and takes patterns that differ below that for the same.
   */
  @Count({ min: 1, max: 6 })
  readonly patternDepth: number = 6;
}

/** The bounds of a client. */
export class ClientLimits extends ConnectionLimits {
  /**
   * How many calls may wait for a connection, or at one for their turn. A whole number from 1. Further calls fail at once
   * with `QUEUE_FULL`; they were not sent. As many pushes of one connection may wait for their handlers; beyond it the
   * connection ends with `OVERLOADED`.
   *
   * Default 65536: a short outage under load passes unnoticed. Lower it to fail sooner.
   */
  @Count({ min: 1 })
  readonly waitingCalls: number = 65_536;

  /**
   * The same, in bytes. From 1.
   *
   * Default 64 MiB, or four times `maxFrameBytes` if that is more. Lower it in small containers.
   */
  @Bytes({ min: 1 })
  readonly waitingBytes: number | undefined = undefined;
}

/** Limits with every bound filled in. */
export type ResolvedLimits<Limits> = { readonly [Key in keyof Limits]: Exclude<Limits[Key], undefined> };
