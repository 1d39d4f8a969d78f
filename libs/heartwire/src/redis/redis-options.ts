import type { Redis } from 'ioredis';

import { ErrorCode } from '../errors/error-code.js';
import { HeartwireError } from '../errors/heartwire-error.js';

/** Where Redis is. */
export type RedisChoice =
  | {
      /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. */
      readonly url: string;
      readonly redis?: undefined;
    }
  | {
      /**
       * A client of ioredis, for its settings (TLS, sentinels, a key prefix): the adapter opens two connections of its own like
       * it. The client itself is neither used nor closed.
       */
      readonly redis: Redis;
      readonly url?: undefined;
    };

/** Options of {@link redisAdapter}. All may be left out but `url` (or `redis`). */
export type RedisAdapterOptions = RedisChoice & {
  /**
   * What the stream's name begins with: it is `<prefix>:hub`. Default `heartwire`. Give each application that shares a
   * Redis its own.
   */
  readonly prefix?: string | undefined;
  /**
   * About how many entries the stream keeps, from 100. Default 10000. An instance that was away for more than that misses
   * pushes: raise it where much is pushed, lower it where Redis is short of memory.
   */
  readonly maxLength?: number | undefined;
  /**
   * What may wait while Redis is away, in bytes, from 1024. Default 16777216 (16 MiB). Beyond it the newest pushes don't
   * reach other instances.
   */
  readonly maxQueueBytes?: number | undefined;
  /** The longest entry, in bytes, from 1024. Default 8388608 (8 MiB). A longer push fails, a longer entry is ignored. */
  readonly maxEntryBytes?: number | undefined;
  /** How often an instance that has nothing else to say shows that it is there, in ms, from 50. Default 5000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /**
   * How long an instance may be silent before its clients count as gone, in ms, at least twice the interval. Default
   * 15000.
   */
  readonly heartbeatTimeoutMs?: number | undefined;
};

export interface ResolvedRedisOptions {
  readonly where: string | Redis;
  readonly key: string;
  readonly maxLength: number;
  readonly maxQueueBytes: number;
  readonly maxEntryBytes: number;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
}

const LEAST = {
  maxLength: 100,
  maxQueueBytes: 1_024,
  maxEntryBytes: 1_024,
  heartbeatIntervalMs: 50,
} as const;
const KNOWN = new Set(['url', 'redis', 'prefix', 'heartbeatTimeoutMs', ...Object.keys(LEAST)]);

/** @throws HeartwireError `INVALID_OPTIONS` that lists every fault */
export function resolveRedisOptions(options: RedisAdapterOptions): ResolvedRedisOptions {
  const { url, redis, prefix = 'heartwire', maxLength = 10_000 } = options;
  const { maxQueueBytes = 16_777_216, maxEntryBytes = 8_388_608 } = options;
  const { heartbeatIntervalMs = 5_000, heartbeatTimeoutMs = 15_000 } = options;
  const numbers = { maxLength, maxQueueBytes, maxEntryBytes, heartbeatIntervalMs };
  const where: unknown = url ?? redis;
  const faults = Object.keys(options)
    .filter((key) => !KNOWN.has(key))
    .map((key) => `${key} is no option`);
  if ((url === undefined) === (redis === undefined)) faults.push('give either url or redis');
  else if (url !== undefined && !isRedisUrl(url))
    faults.push('url must be redis://host:port, or rediss:// for TLS');
  else if (redis !== undefined && typeof (redis as Partial<Redis>).duplicate !== 'function')
    faults.push('redis must be a client of ioredis');
  if (typeof prefix !== 'string' || prefix === '') faults.push('prefix must be a text');
  for (const [name, least] of Object.entries(LEAST)) {
    const value = numbers[name as keyof typeof numbers];
    if (!Number.isSafeInteger(value) || value < least)
      faults.push(`${name} must be a whole number from ${String(least)}`);
  }
  if (!Number.isFinite(heartbeatTimeoutMs) || heartbeatTimeoutMs < 2 * heartbeatIntervalMs)
    faults.push('heartbeatTimeoutMs must be at least twice heartbeatIntervalMs');
  if (faults.length > 0)
    throw new HeartwireError(ErrorCode.INVALID_OPTIONS, `redisAdapter: ${faults.join('; ')}`, {
      details: { faults },
    });
  return { ...numbers, heartbeatTimeoutMs, where: where as string | Redis, key: `${prefix}:hub` };
}

function isRedisUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
}
