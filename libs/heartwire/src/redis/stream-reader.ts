import { Backoff } from '../timing/backoff.js';
import { monotonicClock } from '../timing/clock.js';
import { FIRST_ID, isEarlier, type RawEntry, RedisConnection } from './redis-connection.js';
import type { ResolvedRedisOptions } from './redis-options.js';

const BACKOFF = { firstMaxMs: 100, baseMs: 50, growthMs: 100, maxMs: 2_000 };
/** How many heartbeats Redis may let pass without a byte. Counted, so that a blocked event loop blames nobody. */
const PATIENCE_BEATS = 3;

export interface StreamReaderOwner {
  /** Entries can be added over this connection. */
  connected(connection: RedisConnection): void;
  /** There is no connection, or none any more. Told of each attempt that fails. */
  lost(error: unknown): void;
  /** Each entry of the stream from the first connection on, some of them again after a break. */
  entry(raw: RawEntry): void;
  /** All that was in the stream at that moment has been told. */
  caughtUp(moment: number): void;
}

/** Reads the stream from where it left off, over one connection after the other. */
export class StreamReader {
  /** Settles once it is closed and nothing of it is left. */
  readonly ended: Promise<void>;
  private connection: RedisConnection | undefined;
  /** The last entry that was read; missing until it is known where to begin. */
  private position: string | undefined;
  /** What the stream held when this instance came is not for it: missing until that is known. */
  private origin: string | undefined;
  private readonly backoff = new Backoff(BACKOFF, Math.random);
  private silentBeats = 0;
  /** So many bytes had come over this connection at the last heartbeat. */
  private heardBytes = 0;
  private isClosed = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly options: ResolvedRedisOptions,
    private readonly owner: StreamReaderOwner,
  ) {
    this.ended = this.run();
  }

  /** To be called with each heartbeat: a connection on which nothing comes is given up. A long answer may come slowly. */
  beat(): void {
    const { heardBytes = 0 } = this.connection ?? {};
    this.silentBeats = heardBytes === this.heardBytes ? this.silentBeats + 1 : 1;
    this.heardBytes = heardBytes;
    if (this.silentBeats > PATIENCE_BEATS) this.connection?.destroy(new Error('it does not answer'));
  }

  close(): void {
    this.isClosed = true;
    this.connection?.destroy();
    this.wake?.();
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      await this.follow().catch((error: unknown) => {
        this.connection?.destroy();
        this.connection = undefined;
        if (!this.isClosed) this.owner.lost(error);
      });
      await this.pause(this.backoff.next());
    }
  }

  /** Until the connection ends, which is an error. */
  private async follow(): Promise<never> {
    const { where, key, heartbeatIntervalMs } = this.options;
    const connection = new RedisConnection(where, key);
    this.connection = connection;
    this.silentBeats = 0;
    await connection.open();
    let position = this.beginning(await connection.lastId());
    this.owner.connected(connection);
    for (;;) {
      this.position = position;
      const askedAt = monotonicClock.now();
      const { entries, areAll } = await connection.read(position, heartbeatIntervalMs);
      // Besides its bytes: not every socket that ioredis can be given counts them.
      this.silentBeats = 0;
      this.backoff.reset();
      for (const entry of entries) {
        this.owner.entry(entry);
        this.position = position = entry.id;
      }
      if (areAll) this.owner.caughtUp(askedAt);
    }
  }

  /** @param last the id of the stream's last entry */
  private beginning(last: string): string {
    const { position = last, origin = last } = this;
    // One that came back without anything begins anew, and may have a clock that is behind.
    this.origin = isEarlier(last, origin) ? FIRST_ID : origin;
    // A Redis that came back without its last entries may give lower ids than before. What was read comes again then.
    return isEarlier(last, position) ? this.origin : position;
  }

  private async pause(forMs: number): Promise<void> {
    if (this.isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, forMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
