import { MIN_HEARTBEAT_INTERVAL_MS, MIN_HEARTBEAT_TIMEOUT_MS } from '../protocol/wire-members.js';
import { NotLessThan } from './checks/not-less-than.js';
import { Milliseconds } from './checks/numbers.js';
import { YesOrNo } from './checks/texts.js';

/**
 * When silence means that the other end is gone (docs/protocol.md, section 3). Each end states its own;
 * the smaller interval and the smaller timeout hold for both.
 */
export class HeartbeatOptions {
  /**
   * How long nothing may arrive before the other end is asked with a ping. In ms, at least 100.
   *
   * Default 5000: with the default timeout a dead peer is known within 15 s, and the connection is never idle
   * for the 30 to 60 s after which common load balancers cut it. Lower it to notice sooner, at the price of more
   * pings on idle connections; raise it for very many idle connections.
   */
  @Milliseconds({ min: MIN_HEARTBEAT_INTERVAL_MS })
  readonly intervalMs: number = 5_000;

  /**
   * How long a ping may stay without any sign of life before the connection counts as dead and is destroyed.
   * In ms, at least 200 and at least `intervalMs`.
   *
   * Default 10000: two intervals, so one lost ping or one long garbage collection kills no connection. Raise it
   * where processes stall for seconds; lower it together with `intervalMs` where calls must fail over quickly.
   */
  @Milliseconds({ min: MIN_HEARTBEAT_TIMEOUT_MS })
  @NotLessThan('intervalMs', 'heartbeat.intervalMs')
  readonly timeoutMs: number = 10_000;

  /**
   * Whether this end's own watch follows the measured round trip and its jitter: an interval of ten late round trips
   * and a timeout of ten more, from 500 ms and 1 s up to `intervalMs` and `timeoutMs`. (A late one is the smoothed round trip
   * and four times its jitter, as in RFC 6298.) `heartbeat: 'adaptive'` is short for it.
   *
   * Default false: the same bound holds everywhere. Set it where dead peers must be known soon on quick networks, and
   * no live one be suspected on slow ones.
   */
  @YesOrNo()
  readonly adaptive: boolean = false;

  /**
   * Whether any byte that arrives is a sign of life for this end's own watch, or only the answers to its pings.
   *
   * Default true: who sends is alive, and a pong that waits behind bulk on a slow network is no alarm. Set it to false
   * where the other end's writing may go on though it has stopped working, or where a proxy on the way may speak for it;
   * a peer that sends but answers no ping then counts as dead.
   */
  @YesOrNo()
  readonly countTraffic: boolean = true;
}
