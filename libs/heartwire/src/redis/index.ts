export { redisAdapter, type RedisAdapterOptions } from './redis-adapter.js';
