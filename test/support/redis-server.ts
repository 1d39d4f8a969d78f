import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { freeUrl } from './free-url.js';
import { until } from './until.js';

/** Why no test with Redis can run here; `undefined` where they can. */
export function whyNoRedis(): string | undefined {
  const { error, status } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  return error === undefined && status === 0 ? undefined : 'there is no redis-server here';
}

/** A `redis-server` of one test file: on a free loopback port, with a folder of its own, and all it confirms on disk. */
export class RedisServer {
  private readonly directory = mkdtempSync(join(tmpdir(), 'heartwire-redis-'));
  private child: ChildProcess | undefined;

  private constructor(private readonly port: string) {}

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(new URL(await freeUrl()).port);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Begins, with what was kept. */
  async restart(): Promise<void> {
    const place = { port: this.port, bind: '127.0.0.1', dir: this.directory };
    // Otherwise, while the disk is busy, it confirms for up to 2 s what it has not written yet.
    const settings = { ...place, appendonly: 'yes', appendfsync: 'always', save: '' };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.child = spawn('redis-server', args, { stdio: 'ignore' });
    await until('redis-server answers', () =>
      this.ask('ping').then(
        (answer) => answer === 'PONG',
        () => false,
      ),
    );
  }

  /** At once: it has no time to say or write anything. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** One command over a connection of its own. */
  async ask(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    const redis = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await redis.call(command, ...args);
    } finally {
      // One that is over already would hold up the end of the process for two seconds.
      if (redis.status !== 'end') redis.disconnect();
    }
  }
}
