import type { Target } from './address.js';
import type { TokenSource } from './authenticate.js';
import type { Balance } from './balance.js';
import { HasBalance } from './checks/balances.js';
import { Count, Milliseconds } from './checks/numbers.js';
import { IsFunction, Section } from './checks/objects.js';
import { IsToken, SecretSection } from './checks/secrets.js';
import { PeerName, YesOrNo } from './checks/texts.js';
import { ExactlyOneUrl, Urls } from './checks/urls.js';
import type { HeartbeatOptions } from './heartbeat-options.js';
import { ClientLimits, type ResolvedLimits } from './limits.js';
import { ReconnectOptions } from './reconnect-options.js';
import type { Resolve } from './resolve.js';
import { SharedOptions } from './shared-options.js';
import type { PacketDeserializer, PacketSerializer } from './shared-options.js';
import { type AskForTls, ClientTlsOptions, type ClientTlsSource } from './tls-options.js';
import type { UserOptions } from './user-options.js';

/** All that a client may be told, with its defaults. Checked by class-validator. */
export class ClientOptions extends SharedOptions {
  /**
   * What to connect to: `tcp://host:port` (an IPv6 address in brackets), `tls://host:port`, `unix:///absolute/path`,
   * `ws://host:port/path` or `wss://host:port/path` (where only HTTP gets through, a proxy perhaps), or
   * `srv+tcp://_service._tcp.domain` for what DNS lists as SRV records. A name with several addresses is several
   * servers. No default: give this or `urls`.
   */
  @ExactlyOneUrl('client')
  readonly url: string | undefined = undefined;

  /** Several replicas of one service. Use it instead of `url`. */
  @Urls('client')
  readonly urls: readonly string[] | undefined = undefined;

  /**
   * How many servers the client is connected to at once. A whole number from 1.
   *
   * Default 4: enough that the loss of one is hardly felt, and few enough that many clients don't load every server
   * with their connections. Set it to the number of replicas where every client should reach all of them; `balance`
   * by key needs that.
   */
  @Count({ min: 1 })
  readonly maxEndpoints: number = 4;

  /**
   * Which of the connected servers gets a call: `'power-of-two'` (of two picked at random the one with fewer calls under
   * way), `'round-robin'`, `'least-loaded'`, `'first'` (the first of `urls` that is connected; the others stand by), or
   * `{ key }`, a function that names for each packet what belongs together: what has the same key goes to the same
   * server while that lives.
   *
   * Default `'power-of-two'`: evens out slow and busy servers, and doesn't send every client's calls to the same one.
   */
  @HasBalance()
  readonly balance: Balance = 'power-of-two';

  /**
   * How often names are looked up again, to find servers that are new or gone. In ms, from 100. They are also looked up
   * after each failed attempt.
   *
   * Default 30000: name servers cache for about as long. Lower it where servers come and go faster.
   */
  @Milliseconds({ min: 100 })
  readonly resolveIntervalMs: number = 30_000;

  /**
   * Finds the servers behind a name, instead of DNS: a registry of services, or a test.
   *
   * Default: the system's resolver for host names (`/etc/hosts` too), DNS for SRV records.
   */
  @IsFunction('finds the servers behind a name')
  readonly resolve: Resolve | undefined = undefined;

  /**
   * How long a caller waits for each item of a stream after the first, unless the call says otherwise
   * (`idleTimeoutMs` of `send`). In ms, from 1, or `Infinity`. Beyond it the call fails with `DEADLINE_EXCEEDED`.
   *
   * Default `Infinity`: a stream may be silent for as long as it likes, and heartbeats tell when its server is gone.
   * Set it for streams that are known to be busy.
   */
  @Milliseconds({ min: 1, orInfinity: true })
  readonly idleTimeoutMs: number = Infinity;

  /**
   * How long the lookup of a name may take, and then an attempt to connect, over all addresses of a server; each for itself.
   * In ms, from 1.
   *
   * Default 5000: ample inside a data centre. Raise it over long or lossy networks.
   */
  @Milliseconds({ min: 1 })
  readonly connectTimeoutMs: number = 5_000;

  /**
   * How long TLS may take once the connection stands, and then the other end to answer `hello`; each for itself. In ms,
   * from 1.
   *
   * Default 5000: ample inside a data centre. Raise it for servers that stall for seconds when they start. One that refuses
   * a token takes a second to say so.
   */
  @Milliseconds({ min: 1 })
  readonly handshakeTimeoutMs: number = 5_000;

  /**
   * Whether `connect()` rejects when the first attempt fails.
   *
   * Default false: services start in any order, and the client goes on trying in the background. Set it to true where
   * a process should not start without this service.
   */
  @YesOrNo()
  readonly strict: boolean = false;

  /**
   * What this client calls itself in the server's logs and `connections`. 1 to 128 characters, no control characters.
   *
   * Default: none. Set it to the name of the service or instance.
   */
  @PeerName()
  readonly name: string | undefined = undefined;

  /**
   * Proves to the server who this client is. A text of 1 to 16384 characters, or a function that gives one, at once or
   * as a Promise: it is asked at each connect. It is sent only to a server that asks for it. Over `tcp://` everyone on the
   * way can read it: the client warns of that once.
   *
   * Default: none. Set it where the server has `authenticate`.
   */
  @IsToken()
  readonly token: TokenSource | undefined = undefined;

  /**
   * Whom to trust over `tls://`, and the own certificate where the server wants one. A function is asked at each connect,
   * so that it may give fresh certificates.
   *
   * Default: the public authorities are trusted, and no certificate is shown.
   */
  @SecretSection(ClientTlsOptions, true)
  readonly tls: ClientTlsOptions | AskForTls = new ClientTlsOptions();

  /** How the client comes back after a connection was lost. */
  @Section(ReconnectOptions)
  readonly reconnect: ReconnectOptions = new ReconnectOptions();

  /** What the client bounds. */
  @Section(ClientLimits)
  readonly limits: ClientLimits = new ClientLimits();
}

/** Options of a `HeartwireClient`. All may be left out but `url` (or `urls`). */
export type HeartwireClientOptions = UserOptions<ClientOptions, 'heartbeat' | 'reconnect' | 'limits' | 'tls'>;

/** What holds for a client: checked, complete and frozen. */
export interface ResolvedClientOptions {
  readonly targets: readonly Target[];
  readonly maxEndpoints: number;
  readonly balance: Balance;
  readonly resolveIntervalMs: number;
  readonly resolve: Resolve | undefined;
  readonly heartbeat: HeartbeatOptions;
  readonly drainTimeoutMs: number;
  readonly resumeWindowMs: number;
  readonly callTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly strict: boolean;
  readonly name: string | undefined;
  readonly token: (() => string | Promise<string>) | undefined;
  readonly tls: ClientTlsSource;
  readonly reconnect: ReconnectOptions;
  readonly limits: ResolvedLimits<ClientLimits>;
  readonly serializer: PacketSerializer | undefined;
  readonly deserializer: PacketDeserializer | undefined;
}
