import { Redis, type RedisOptions } from 'ioredis';

/** One entry of the stream, as Redis has it: ids and names of fields by whoever wrote it. */
export interface RawEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, Buffer>;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Entries that are read at once. */
const READ_AT_ONCE = 32;

/** Nothing is tried again here: who holds the connection opens the next one, and knows what was not answered. */
const OVERRIDES: RedisOptions = {
  lazyConnect: true,
  protocol: 2,
  // A Redis that is still loading refuses commands, which counts as being away.
  enableReadyCheck: false,
  connectTimeout: CONNECT_TIMEOUT_MS,
  retryStrategy: () => null,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: null,
  commandTimeout: undefined,
  socketTimeout: undefined,
  blockingTimeout: undefined,
  enableAutoPipelining: false,
};

/** Two connections to Redis, one that waits for entries and one that adds them; they live and die together. */
export class RedisConnection {
  private readonly reader: Redis;
  private readonly writer: Redis;
  private why: unknown;
  private isDestroyed = false;

  constructor(
    where: string | Redis,
    private readonly key: string,
  ) {
    const open = (): Redis =>
      typeof where === 'string' ? new Redis(where, OVERRIDES) : where.duplicate(OVERRIDES);
    this.reader = open();
    this.writer = open();
    for (const redis of [this.reader, this.writer]) {
      redis.on('error', (error) => {
        this.why ??= error;
      });
      redis.on('close', () => {
        this.destroy();
      });
    }
  }

  /** How many bytes have come that were asked for. */
  get heardBytes(): number {
    // There is no socket before it dials.
    const socket = this.reader.stream as typeof this.reader.stream | undefined;
    return socket !== undefined && 'bytesRead' in socket ? socket.bytesRead : 0;
  }

  /** @throws Error that says why there is no connection */
  async open(): Promise<void> {
    try {
      await Promise.all([this.reader.connect(), this.writer.connect()]);
    } catch (error) {
      throw this.why ?? error;
    }
  }

  /** The id of the last entry. */
  async lastId(): Promise<string> {
    const [last] = entriesOf(await this.call(this.reader, 'xrevrange', this.key, '+', '-', 'COUNT', 1));
    return last?.id ?? FIRST_ID;
  }

  /** The entries after an id; waits for the first of them, for so long. */
  async read(after: string, waitMs: number): Promise<{ entries: readonly RawEntry[]; areAll: boolean }> {
    const limits = ['COUNT', READ_AT_ONCE, 'BLOCK', waitMs];
    const answer = await this.call(this.reader, 'xread', ...limits, 'STREAMS', this.key, after);
    const [stream] = arrayOf(answer);
    const entries = entriesOf(arrayOf(stream)[1]);
    return { entries, areAll: entries.length < READ_AT_ONCE };
  }

  /** Adds an entry, and lets old ones go. */
  async append(fields: readonly (string | Buffer)[], maxLength: number): Promise<void> {
    await this.call(this.writer, 'xadd', this.key, 'MAXLEN', '~', maxLength, '*', ...fields);
  }

  /** At once, whoever listens at the other end. @param why what those are told who wait for an answer */
  destroy(why?: unknown): void {
    this.why ??= why;
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    for (const redis of [this.reader, this.writer]) {
      if (redis.status === 'end') continue;
      redis.disconnect();
      (redis.stream as typeof redis.stream | undefined)?.destroy();
    }
  }

  private async call(redis: Redis, command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    try {
      return await redis.callBuffer(command, ...args);
    } catch (error) {
      throw this.why ?? inPlainWords(error);
    }
  }
}

/** What Redis itself says is clear. Of a connection that is gone, ioredis speaks in terms of options set here. */
function inPlainWords(error: unknown): unknown {
  const isAnswer = error instanceof Error && error.name === 'ReplyError';
  return isAnswer ? error : new Error('the connection was closed', { cause: error });
}

export const FIRST_ID = '0-0';

/** Whether an id is of an earlier entry than another. */
export function isEarlier(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms < otherMs || (ms === otherMs && sequence < otherSequence);
}

function entriesOf(answer: unknown): readonly RawEntry[] {
  return arrayOf(answer).map((entry) => {
    const [id, pairs] = arrayOf(entry);
    const fields = new Map<string, Buffer>();
    const all = arrayOf(pairs);
    for (let at = 0; at + 1 < all.length; at += 2) {
      const value = all[at + 1];
      if (Buffer.isBuffer(value)) fields.set(String(all[at]), value);
    }
    return { id: String(id), fields };
  });
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
