import { HeartbeatOptions } from './heartbeat-options.js';
import { Milliseconds } from './checks/numbers.js';
import { HasMethod, Section } from './checks/objects.js';

/** Turns a packet into what is written as JSON. Nest's own `Serializer` fits. */
export interface PacketSerializer {
  // A method, so that serializers of narrower packets fit too.
  serialize(packet: unknown, options?: Record<string, unknown>): unknown;
}

/** Turns what was read as JSON into a packet. Nest's own `Deserializer` fits. */
export interface PacketDeserializer {
  deserialize(value: unknown, options?: Record<string, unknown>): unknown;
}

/** What both a server and a client may be told, beside their urls. */
export class SharedOptions {
  /** When silence means that the other end is gone. */
  @Section(HeartbeatOptions)
  readonly heartbeat: HeartbeatOptions = new HeartbeatOptions();

  /**
   * How long a call may take unless it says otherwise (`timeoutMs` of `send`): a client's calls, and those that a server
   * makes to its clients. In ms, from 1. It travels with the call as time left.
   *
   * Default 5000: nothing hangs for ever. Set it to what the callers of this service will wait; a stream's bounds its
   * first item.
   */
  @Milliseconds({
    min: 1,
    remedy: 'every call has a deadline, so give the longest time that a caller should wait',
  })
  readonly callTimeoutMs: number = 5_000;

  /**
   * How long `close()` lets running calls finish before it cuts them off. In ms, from 0.
   *
   * Default 10000: handlers finish within it, and it is well below the 30 s after which Kubernetes kills a process.
   * Set it to the longest call, and below the orchestrator's patience; Docker's is 10 s unless it is told otherwise.
   */
  @Milliseconds({ min: 0 })
  readonly drainTimeoutMs: number = 10_000;

  /**
   * How long a session whose link broke waits for a new one, with all that runs in it. In ms, from 0, which ends
   * sessions with their links. Both ends need it.
   *
   * Default 30000: a restart of the network in between, or a move of the client, costs no call. Raise it where
   * links stay away longer; lower it where many clients come and go.
   */
  @Milliseconds({ min: 0 })
  readonly resumeWindowMs: number = 30_000;

  /**
   * Changes each packet before it is written, as with Nest's own transports.
   *
   * Default: none, so packets go out as they are, which is also the fastest way. Set it to speak a dialect that other
   * peers expect.
   */
  @HasMethod('serialize')
  readonly serializer: PacketSerializer | undefined = undefined;

  /** Changes each packet after it was read. Default: none. Set it together with the other end's `serializer`. */
  @HasMethod('deserialize')
  readonly deserializer: PacketDeserializer | undefined = undefined;
}
