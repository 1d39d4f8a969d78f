import { Count, Milliseconds } from './checks/numbers.js';
import { YesOrNo } from './checks/texts.js';

/** How a client comes back after a connection could not be opened or was lost. */
export class ReconnectOptions {
  /**
   * How many attempts may fail in a row before the client gives up. A whole number from 0 (never try again),
   * or `Infinity`.
   *
   * Default `Infinity`: a service that comes back after a long outage is found again without anyone's help. Set it
   * in tools that should rather end with an error.
   */
  @Count({ min: 0, orInfinity: true })
  readonly maxAttempts: number = Infinity;

  /**
   * After a connection was lost or could not be opened, the first new attempt starts after a random time up to this. In ms,
   * from 0.
   *
   * Default 100: a restarted service is found at once, and its clients don't all come in the same instant. Raise
   * it when thousands of clients share one server.
   */
  @Milliseconds({ min: 0 })
  readonly firstMaxMs: number = 100;

  /**
   * The least time before every later attempt. In ms, from 0.
   *
   * Default 50: keeps a server that refuses at once from being called in a tight loop.
   */
  @Milliseconds({ min: 0 })
  readonly baseMs: number = 50;

  /**
   * The random part of the wait is at most this, doubled with each failure, up to `maxMs`. In ms, from 1.
   *
   * Default 100: some seven failures lead to the longest wait. Raise it to back off sooner.
   */
  @Milliseconds({ min: 1 })
  readonly growthMs: number = 100;

  /**
   * The longest random part of the wait. In ms, from 1.
   *
   * Default 5000: even after a long outage the client is back some seconds after the server. Raise it when very
   * many clients would otherwise load a network that is down.
   */
  @Milliseconds({ min: 1 })
  readonly maxMs: number = 5_000;

  /**
   * How long a connection must have been ready before the waits start from the beginning again. In ms, from 0. Where a
   * session goes on over a new connection, a second is enough, or one answer: its server has not crashed.
   *
   * Default 10000: a server that crashes right after each start is not called ever faster. Raise it for
   * services that crash later than that.
   */
  @Milliseconds({ min: 0 })
  readonly stableAfterMs: number = 10_000;

  /**
   * Whether the client goes on trying when every server has refused its credentials with `UNAUTHENTICATED`.
   *
   * Default false: the same token would be refused again and again. Set it to true where `token` is a function that may
   * have a better one later.
   */
  @YesOrNo()
  readonly afterRefusal: boolean = false;
}
