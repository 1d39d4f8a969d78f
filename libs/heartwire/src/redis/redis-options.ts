import type { Redis } from 'ioredis';

import { Check } from '../options/checks/check.js';
import { Bytes, Count, Milliseconds } from '../options/checks/numbers.js';
import { HasMethod } from '../options/checks/objects.js';
import { shownValue } from '../options/shown-value.js';
import { readOptions } from '../options/read-options.js';
import type { UserOptions } from '../options/user-options.js';

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

/** What an adapter is told. */
export class RedisOptions {
  @EitherUrlOrRedis()
  readonly url: string | undefined = undefined;

  @HasMethod('duplicate')
  readonly redis: Redis | undefined = undefined;

  /**
   * What the stream's name begins with: it is `<prefix>:hub`. Default `heartwire`. Give each application that shares a
   * Redis its own.
   */
  @IsPrefix()
  readonly prefix: string = 'heartwire';

  /**
   * About how many entries the stream keeps, from 100. Default 10000. An instance that was away for more than that misses
   * pushes: raise it where much is pushed, lower it where Redis is short of memory.
   */
  @Count({ min: 100 })
  readonly maxLength: number = 10_000;

  /**
   * What may wait while Redis is away, in bytes, from 1024. Default 16777216 (16 MiB). Beyond it the newest pushes don't
   * reach other instances.
   */
  @Bytes({ min: 1_024 })
  readonly maxQueueBytes: number = 16_777_216;

  /** The longest entry, in bytes, from 1024. Default 8388608 (8 MiB). A longer push fails, a longer entry is ignored. */
  @Bytes({ min: 1_024 })
  readonly maxEntryBytes: number = 8_388_608;

  /** How often an instance that has nothing else to say shows that it is there, in ms, from 50. Default 5000. */
  @Milliseconds({ min: 50 })
  readonly heartbeatIntervalMs: number = 5_000;

  /**
   * How long an instance may be silent before its clients count as gone, in ms, at least twice the interval. Default
   * 15000.
   */
  @Milliseconds({ min: 100 })
  @AtLeastTwoIntervals()
  readonly heartbeatTimeoutMs: number = 15_000;
}

/** Options of {@link redisAdapter}. All may be left out but `url` (or `redis`). */
export type RedisAdapterOptions = UserOptions<RedisOptions, never, RedisChoice>;

export interface ResolvedRedisOptions extends Omit<RedisOptions, 'url' | 'redis' | 'prefix'> {
  readonly where: string | Redis;
  /** The stream's name. */
  readonly key: string;
}

/** @throws HeartwireError `INVALID_OPTIONS` that lists every fault */
export function resolveRedisOptions(input: RedisAdapterOptions): ResolvedRedisOptions {
  const { url, redis, prefix, ...rest } = readOptions(RedisOptions, input, 'redisAdapter');
  return { ...rest, where: (url ?? redis) as string | Redis, key: `${prefix}:hub` };
}

/** A url may hold a password: it is not shown. */
function EitherUrlOrRedis(): PropertyDecorator {
  return Check('eitherUrlOrRedis', (url, { object }) => {
    const { redis } = object as RedisOptions;
    if (url === undefined) {
      return redis === undefined
        ? 'must be given: there is neither url nor redis; give one such as "redis://redis:6379"'
        : undefined;
    }
    if (redis !== undefined) return 'must not be given beside redis; keep only one of the two';
    if (typeof url !== 'string') return `must be a text: it is ${shownValue(url)}; give "redis://host:port"`;
    const isRedisUrl = /^rediss?:\/\/./.test(url) && URL.canParse(url);
    return isRedisUrl ? undefined : 'must be redis://host:port, or rediss:// for TLS';
  });
}

function IsPrefix(): PropertyDecorator {
  return Check('isPrefix', (prefix) =>
    typeof prefix === 'string' && prefix !== ''
      ? undefined
      : `must be a text that is not empty: it is ${shownValue(prefix)}; leave it out for the default, "heartwire"`,
  );
}

function AtLeastTwoIntervals(): PropertyDecorator {
  return Check('atLeastTwoIntervals', (timeoutMs, { object }) => {
    const { heartbeatIntervalMs } = object as RedisOptions;
    if (typeof timeoutMs !== 'number' || !(timeoutMs < 2 * heartbeatIntervalMs)) return undefined;
    return `must be at least twice heartbeatIntervalMs: it is ${String(timeoutMs)} and heartbeatIntervalMs is ${String(heartbeatIntervalMs)}; raise the one or lower the other`;
  });
}
