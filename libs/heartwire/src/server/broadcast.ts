import type { HubNews } from '../options/hub-adapter.js';
import type { PushTarget } from '../options/push-target.js';
import type { Metadata } from '../protocol/messages.js';
import type { Outgoing } from '../protocol/outgoing.js';
import { checkTargets } from './push-names.js';

/** What one push may carry beside its data. */
export interface PushOptions {
  /** Texts by name, which travel beside the data. Default: none. */
  readonly metadata?: Metadata | undefined;
}

/** What a broadcast needs of its hub. */
export interface BroadcastHost {
  /** The ids of all clients. */
  everybody(): ReadonlySet<string>;
  /** The ids of those that a target names. */
  named(target: PushTarget): Iterable<string>;
  /** @throws HeartwireError when it can't be written, or is too large */
  write(pattern: unknown, data: unknown, metadata: Metadata | undefined): Outgoing;
  /** Tells the other instances. @throws HeartwireError when it can't be written for them */
  publish(push: Push): void;
  deliver(clientId: string, message: Outgoing): void;
}

/** A push as it was asked for. */
export type Push = Extract<HubNews, { readonly type: 'push' }>;

/**
 * A push to many: who gets it, and who doesn't. Immutable, so it may be kept and used again; who is
 * meant is looked up with each `emit`.
 *
 * @example
 * hub.to('lobby').except(ctx.connection.clientId).emit('said', line);
 */
export class Broadcast {
  /** @param targets missing for everybody */
  constructor(
    private readonly host: BroadcastHost,
    private readonly targets?: readonly PushTarget[],
    private readonly exceptions: readonly PushTarget[] = [],
  ) {}

  /** Whoever goes by these names doesn't get it. @throws HeartwireError `INVALID_OPTIONS` for what names nobody */
  except(...targets: readonly PushTarget[]): Broadcast {
    checkTargets(targets);
    return new Broadcast(this.host, this.targets, [...this.exceptions, ...targets]);
  }

  /**
   * Pushes, at once, to each client that is meant, once. It is written down once for all. A client whose link
   * is away gets it with its next link, in order; one that doesn't read what it is sent loses its own
   * session at its own bound (`limits.sendBufferBytes`), and nobody else waits for it.
   *
   * @throws HeartwireError `UNSERIALIZABLE`, or `FRAME_TOO_LARGE` beyond the server's own `limits.maxFrameBytes` or what
   * its adapter carries; then nobody gets it
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- patterns are any in Nest
  emit(pattern: any, data: unknown, options?: PushOptions): void {
    const { host, targets, exceptions } = this;
    const metadata = options?.metadata;
    const message = host.write(pattern, data, metadata);
    host.publish({ type: 'push', targets, exceptions, pattern, data, metadata });
    for (const id of this.recipients()) host.deliver(id, message);
  }

  /** @internal For the hub: what another instance has pushed, for the clients of this one. @throws HeartwireError */
  relay(pattern: unknown, data: unknown, metadata: Metadata | undefined): void {
    const recipients = this.recipients();
    if (recipients.size === 0) return;
    const message = this.host.write(pattern, data, metadata);
    for (const id of recipients) this.host.deliver(id, message);
  }

  private recipients(): ReadonlySet<string> {
    const { host, targets } = this;
    const everybody = targets === undefined ? host.everybody() : undefined;
    if (everybody !== undefined && this.exceptions.length === 0) return everybody;
    const ids = new Set(everybody ?? this.idsOf(targets ?? []));
    for (const id of this.idsOf(this.exceptions)) ids.delete(id);
    return ids;
  }

  private idsOf(targets: readonly PushTarget[]): readonly string[] {
    return targets.flatMap((target) => [...this.host.named(target)]);
  }
}
