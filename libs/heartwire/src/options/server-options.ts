import type { Address } from './address.js';
import { Milliseconds } from './checks/numbers.js';
import { Section } from './checks/objects.js';
import { ExactlyOneUrl, Urls } from './checks/urls.js';
import type { HeartbeatOptions } from './heartbeat-options.js';
import { type ResolvedLimits, ServerLimits } from './limits.js';
import { SharedOptions } from './shared-options.js';
import type { PacketDeserializer, PacketSerializer } from './shared-options.js';
import type { UserOptions } from './user-options.js';

/** All that a server may be told, with its defaults. Checked by class-validator. */
export class ServerOptions extends SharedOptions {
  /**
   * Where to listen: `tcp://host:port` (an IPv6 address in brackets; port 0 picks a free one) or
   * `unix:///absolute/path`. No default: give this or `urls`.
   */
  @ExactlyOneUrl('server')
  readonly url: string | undefined = undefined;

  /** Several places to listen on. Use it instead of `url`. */
  @Urls('server')
  readonly urls: readonly string[] | undefined = undefined;

  /**
   * How old a connection may grow before the server asks its client to open another one, ±10 %. In ms, from 100, or
   * `Infinity` (never). What runs finishes within `drainTimeoutMs`, new calls take the new connection, and none fails; a
   * stream that runs longer than that ends with `CONNECTION_LOST`.
   *
   * Default `Infinity`. Set it to some minutes where clients reach the servers through a load balancer that picks a server
   * for each connection: otherwise a new replica gets no traffic from clients that are connected already.
   */
  @Milliseconds({ min: 100, orInfinity: true })
  readonly maxConnectionAgeMs: number = Infinity;

  /** What the server bounds. */
  @Section(ServerLimits)
  readonly limits: ServerLimits = new ServerLimits();
}

/** Options of a {@link HeartwireServer}. All may be left out but `url` (or `urls`). */
export type HeartwireServerOptions = UserOptions<ServerOptions, 'heartbeat' | 'limits'>;

/** What holds for a server: checked, complete and frozen. */
export interface ResolvedServerOptions {
  readonly addresses: readonly Address[];
  readonly heartbeat: HeartbeatOptions;
  readonly drainTimeoutMs: number;
  readonly resumeWindowMs: number;
  readonly maxConnectionAgeMs: number;
  readonly limits: ResolvedLimits<ServerLimits>;
  readonly serializer: PacketSerializer | undefined;
  readonly deserializer: PacketDeserializer | undefined;
}
