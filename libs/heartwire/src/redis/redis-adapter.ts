import type { HubAdapter } from '../options/hub-adapter.js';
import { RedisMembership } from './redis-membership.js';
import { type RedisAdapterOptions, resolveRedisOptions } from './redis-options.js';

export type { RedisAdapterOptions };

/**
 * Joins the hubs of several processes over a stream in Redis (6.2 or newer). While Redis is away, each instance serves
 * its own clients; what it has to tell the others waits, and what they told meanwhile is read afterwards.
 *
 * @example
 * import { redisAdapter } from 'heartwire/redis';
 *
 * new HeartwireServer({ url: 'tcp://0.0.0.0:4001', adapter: redisAdapter({ url: 'redis://redis:6379' }) });
 *
 * @throws HeartwireError `INVALID_OPTIONS` that lists every fault
 */
export function redisAdapter(options: RedisAdapterOptions): HubAdapter {
  const resolved = resolveRedisOptions(options);
  return { join: (member) => new RedisMembership(resolved, member) };
}
