import type { Address } from './address.js';
import type { AttachableServer } from './attachable.js';
import type { Authenticate } from './authenticate.js';
import { IsHttpServer } from './checks/attachables.js';
import { Milliseconds } from './checks/numbers.js';
import { HasMethod, IsFunction, Section } from './checks/objects.js';
import { Origins } from './checks/origins.js';
import { SecretSection } from './checks/secrets.js';
import { RequestPath } from './checks/texts.js';
import { ExactlyOneUrl, Urls } from './checks/urls.js';
import type { HeartbeatOptions } from './heartbeat-options.js';
import type { HubAdapter } from './hub-adapter.js';
import { type ResolvedLimits, ServerLimits } from './limits.js';
import type { AllowedOrigins } from './origins.js';
import { SharedOptions } from './shared-options.js';
import type { PacketDeserializer, PacketSerializer } from './shared-options.js';
import { ServerTlsOptions } from './tls-options.js';
import type { PlaceChoice, UserOptions } from './user-options.js';

/** All that a server may be told, with its defaults. Checked by class-validator. */
export class ServerOptions extends SharedOptions {
  /**
   * Where to listen: `tcp://host:port` (an IPv6 address in brackets; port 0 picks a free one), `tls://host:port`
   * together with `tls`, `unix:///absolute/path`, or for WebSockets `ws://host:port/path`, and `wss://host:port/path` together
   * with `tls`. No default: give this, `urls` or `attach`.
   */
  @ExactlyOneUrl('server')
  readonly url: string | undefined = undefined;

  /** Several places to listen on. Use it instead of `url`. */
  @Urls('server')
  readonly urls: readonly string[] | undefined = undefined;

  /**
   * An HTTP server on which WebSockets are accepted too, at `path`: Nest's `app.getHttpServer()`, or Node's own. It is
   * given instead of `url`, or beside it. It is never listened with, nor closed; upgrades at other paths are left to others.
   *
   * Default: none. Set it where browsers should come in at the port that serves their page.
   */
  @IsHttpServer()
  readonly attach: AttachableServer | undefined = undefined;

  /** Where `attach` accepts WebSockets. Default `'/heartwire'`. A `ws://` url has its path in itself. */
  @RequestPath()
  readonly path: string | undefined = undefined;

  /**
   * Which pages may open a WebSocket, beside those of the same origin: origins as browsers write them
   * (`https://chat.example.com`), or a function that tells for each. What is no browser says no origin, and is not held up by
   * it: use `authenticate` for that.
   *
   * Default: none, so only pages that were loaded from the same host and port. Set it where the page is served from elsewhere,
   * or where a proxy changes the `Host` header.
   */
  @Origins()
  readonly allowedOrigins: AllowedOrigins | undefined = undefined;

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

  /**
   * How long a connection may go without use before the server closes it in order, or up to a quarter longer. In ms, from
   * 100, or `Infinity` (never). Calls, events, streams and pushes are use, and one with a running call or an open stream is in
   * use; heartbeats are not. A Heartwire client loses nothing: it connects again with its next call, or at once if
   * it listens for pushes.
   *
   * Default `Infinity`. Set it to some minutes on servers with very many clients that are seldom active.
   */
  @Milliseconds({ min: 100, orInfinity: true })
  readonly maxConnectionIdleMs: number = Infinity;

  /**
   * How often each client is told, unasked, how the server sees its connection: `seenByServer` in a client's `endpoints`.
   * In ms, from 100, or `Infinity` (never).
   *
   * Default `Infinity`. Set it where clients show it to people.
   */
  @Milliseconds({ min: 100, orInfinity: true })
  readonly statusIntervalMs: number = Infinity;

  /** Certificate and key for `tls://`, and whether clients must show a certificate of theirs. */
  @SecretSection(ServerTlsOptions)
  readonly tls: ServerTlsOptions = new ServerTlsOptions();

  /**
   * Tells who a client is, from its token and its certificate. What it returns is `connection.identity` in handlers;
   * to refuse the client it throws, or gives `undefined`, `null` or `false`. It is asked at each connect, also when a
   * session goes on: that needs the same identity, compared by value. Until then nothing of the client is served, and
   * one that says no `hello` never is.
   *
   * Default: none, so everyone who can connect may call. Set it on servers that strangers can reach.
   */
  @IsFunction('tells who a client is')
  readonly authenticate: Authenticate | undefined = undefined;

  /**
   * Joins the hubs of several instances: pushes, rooms and presence are about the clients of all of them.
   *
   * Default: none, so the hub knows the clients of its own server. Set it to `redisAdapter({ url })` of
   * `heartwire/redis` where several processes serve the same clients, or to one `InProcessAdapter` for several servers of
   * one process.
   */
  @HasMethod('join')
  readonly adapter: HubAdapter | undefined = undefined;

  /** What the server bounds. */
  @Section(ServerLimits)
  readonly limits: ServerLimits = new ServerLimits();
}

/** Options of a `HeartwireServer`. All may be left out but `url` (or `urls`, or `attach`). */
export type HeartwireServerOptions = UserOptions<ServerOptions, 'heartbeat' | 'limits' | 'tls', PlaceChoice>;

/** What holds for a server: checked, complete and frozen. */
export interface ResolvedServerOptions {
  readonly addresses: readonly Address[];
  readonly attach: AttachableServer | undefined;
  readonly path: string;
  readonly allowedOrigins: AllowedOrigins | undefined;
  readonly heartbeat: HeartbeatOptions;
  readonly callTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly resumeWindowMs: number;
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionIdleMs: number;
  readonly statusIntervalMs: number;
  /** A function, so that nothing that shows the options shows a key. */
  readonly tls: () => ServerTlsOptions;
  readonly authenticate: Authenticate | undefined;
  readonly adapter: HubAdapter | undefined;
  readonly limits: ResolvedLimits<ServerLimits>;
  readonly serializer: PacketSerializer | undefined;
  readonly deserializer: PacketDeserializer | undefined;
}
