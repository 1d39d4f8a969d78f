import { EventEmitter } from 'node:events';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';

import type { HubMember, HubNews } from '../options/hub-adapter.js';
import { RedisMembership } from './redis-membership.js';
import { resolveRedisOptions } from './redis-options.js';

const BEAT_MS = 1_000;

/** A Redis with one stream, as far as a membership uses it: it answers at once, or not at all. */
class Stream {
  /** The notices of all that was added, kept or not. */
  readonly added: { readonly type: string; readonly data?: unknown }[] = [];
  readonly connections: Connection[] = [];
  isThere = true;
  confirms = true;
  answers = true;
  refuses = false;
  keeps = true;
  private readonly kept: (readonly [string, readonly Buffer[]])[] = [];

  get open(): readonly Connection[] {
    return this.connections.filter(({ status }) => status === 'ready');
  }

  get types(): readonly string[] {
    return this.added.map(({ type }) => type);
  }

  duplicate(): Redis {
    const connection = new Connection(this);
    this.connections.push(connection);
    return connection as unknown as Redis;
  }

  add(fields: readonly (string | Buffer)[]): void {
    this.added.push(JSON.parse(String(fields[fields.indexOf('notice') + 1])) as { type: string });
    if (!this.keeps) return;
    this.kept.push([`${String(this.kept.length + 1)}-0`, fields.map((field) => Buffer.from(field))]);
    this.tell();
  }

  /** As of another instance. */
  addOf(name: string, sequence: number, notice: { readonly type: string }): void {
    this.add(['from', name, 'seq', String(sequence), 'notice', JSON.stringify(notice)]);
  }

  /** All that was kept is gone, and ids begin anew. */
  loseAll(): void {
    this.kept.length = 0;
  }

  /** What comes after an id. */
  after(id: string): readonly unknown[] {
    return this.kept.slice(Number.parseInt(id, 10));
  }

  /** Whoever waits for it hears of what is new, and whoever waits for a confirmation has it. */
  tell(): void {
    for (const connection of this.open) connection.tell();
  }
}

class Connection extends EventEmitter {
  status = 'wait';
  readonly stream = undefined;
  private readonly waiting = new Set<{ tell: () => void; fail: (error: Error) => void }>();

  constructor(private readonly server: Stream) {
    super();
  }

  async connect(): Promise<void> {
    await Promise.resolve();
    if (this.server.isThere) this.status = 'ready';
    else this.end();
    if (!this.server.isThere) throw new Error('ECONNREFUSED');
  }

  disconnect(): void {
    if (this.status !== 'end') this.end();
  }

  /** As of an end of the line at the other side. */
  end(): void {
    this.status = 'end';
    for (const { fail } of this.waiting) fail(new Error('Connection is closed.'));
    this.emit('close');
  }

  tell(): void {
    for (const { tell } of [...this.waiting]) tell();
  }

  async callBuffer(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    if (this.status !== 'ready') throw new Error('Connection is closed.');
    if (this.server.refuses) throw Object.assign(new Error('LOADING'), { name: 'ReplyError' });
    switch (command) {
      case 'xrevrange':
        return this.server.after('0').slice(-1);
      case 'xread': {
        const [, , , ms, , key, id] = args;
        const found = (): readonly unknown[] => this.server.after(String(id)).slice(0, Number(args[1]));
        await this.wait(() => this.server.answers && found().length > 0, Number(ms));
        return found().length > 0 ? [[key, found()]] : null;
      }
      default:
        this.server.add(args.slice(5) as (string | Buffer)[]);
        await this.wait(() => this.server.confirms);
        return Buffer.from('1-0');
    }
  }

  private async wait(isOver: () => boolean, forMs?: number): Promise<void> {
    if (isOver()) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve, reject) => {
      const waiting = {
        tell: () => {
          if (forMs === undefined ? isOver() : this.server.answers) resolve();
        },
        fail: reject,
      };
      this.waiting.add(waiting);
      if (forMs !== undefined)
        timer = setTimeout(() => {
          if (this.server.answers) resolve();
        }, forMs);
    }).finally(() => {
      clearTimeout(timer);
    });
  }
}

describe('an instance at the stream', () => {
  let stream: Stream;
  let membership: RedisMembership;
  let logged: string[];
  let warned: string[];
  let heard: unknown[];
  let lost: string[];
  let isClosed: boolean;

  const member: HubMember = {
    logger: { log: (message) => logged.push(message), warn: (message) => warned.push(message) },
    clients: () => [],
    hear: (_, news) => heard.push(news.type === 'push' ? news.data : news.type),
    learn: () => undefined,
    miss: () => undefined,
    lose: (name) => lost.push(name),
  };
  const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
  const begin = async (): Promise<void> => {
    const options = { redis: stream as unknown as Redis, maxLength: 800, maxQueueBytes: 100_000 };
    const beats = { heartbeatIntervalMs: BEAT_MS, heartbeatTimeoutMs: 2 * BEAT_MS };
    membership = new RedisMembership(resolveRedisOptions({ ...options, ...beats }), member);
    await pass(0);
  };
  const close = (): void => {
    void membership.close().then(() => {
      isClosed = true;
    });
  };
  const push = (data: unknown): HubNews => ({
    type: 'push',
    targets: undefined,
    exceptions: [],
    pattern: 'news',
    data,
    metadata: undefined,
  });
  const breakDown = (): void => {
    stream.isThere = false;
    for (const connection of stream.open) connection.end();
  };
  const comeBack = async (): Promise<void> => {
    stream.isThere = true;
    // The longest pause between two attempts.
    await pass(2_050);
  };

  beforeEach(() => {
    jest.useFakeTimers();
    // Pauses between attempts are neither the shortest nor the longest.
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    stream = new Stream();
    [logged, warned, heard, lost, isClosed] = [[], [], [], [], false];
  });
  afterEach(async () => {
    close();
    await pass(2_000);
    expect(isClosed).toBe(true);
    expect(stream.open).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('says hello first and goodbye last, and nothing afterwards', async () => {
    await begin();
    expect(membership.status).toBe('up');
    let isComplete = false;
    membership.status$.subscribe({ complete: () => (isComplete = true) });
    membership.publish(push(1));
    close();
    membership.publish(push(2));
    await pass(0);
    expect(isClosed).toBe(true);
    expect(isComplete).toBe(true);
    expect(warned).toEqual([]);
    expect(stream.types).toEqual(['hello', 'push', 'bye']);
  });

  it('is closed once Redis has its goodbye, which may take 2 s', async () => {
    await begin();
    stream.confirms = false;
    close();
    await pass(1_999);
    expect(isClosed).toBe(false);
    expect(stream.open).toHaveLength(2);
    stream.confirms = true;
    stream.tell();
    await pass(0);
    expect(isClosed).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is closed after 2 s where Redis does not take its goodbye', async () => {
    await begin();
    stream.confirms = false;
    close();
    await pass(2_000);
    expect(isClosed).toBe(true);
  });

  it.each([
    ['has taken nothing yet', () => (stream.confirms = false)],
    ['is away', () => (stream.isThere = false)],
  ])('is closed at once where Redis %s', async (_, spoil) => {
    spoil();
    await begin();
    expect(membership.status).toBe('degraded');
    close();
    await pass(0);
    expect(isClosed).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('shows with each interval that it is there, over the same connections', async () => {
    await begin();
    await pass(20 * BEAT_MS);
    expect(stream.types.slice(0, 3)).toEqual(['hello', 'beat', 'beat']);
    expect(stream.added.length).toBeGreaterThan(18);
    expect(stream.connections).toHaveLength(2);
    expect(warned).toEqual([]);
  });

  it('gives up connections over which Redis confirms nothing, each after some intervals, and says it again', async () => {
    await begin();
    stream.confirms = false;
    membership.publish(push(1));
    await pass(3 * BEAT_MS);
    expect(stream.connections).toHaveLength(2);
    await pass(BEAT_MS + 100);
    expect(stream.connections).toHaveLength(4);
    expect(warned).toEqual([expect.stringContaining('it does not answer')]);
    await pass(2 * BEAT_MS);
    expect(stream.connections).toHaveLength(4);
    expect(membership.status).toBe('degraded');
    expect(stream.types).toEqual(['hello', 'push', 'push']);
    stream.confirms = true;
    stream.tell();
    await pass(0);
    expect(membership.status).toBe('up');
  });

  it('gives up connections over which it can read nothing, though Redis takes all it says', async () => {
    await begin();
    stream.answers = false;
    await pass(6 * BEAT_MS);
    expect(stream.connections).toHaveLength(4);
    expect(stream.open).toHaveLength(2);
  });

  it.each([0, 1])('gives up both connections where one has ended: %j', async (index) => {
    await begin();
    stream.connections[index]?.end();
    await pass(0);
    expect(stream.open).toEqual([]);
    await pass(100);
    expect(stream.open).toHaveLength(2);
    expect(membership.status).toBe('up');
  });

  it('says on what Redis has let go of before it was read back', async () => {
    await begin();
    stream.keeps = false;
    for (let n = 0; n < 300; n += 1) membership.publish(push(n));
    await pass(5 * BEAT_MS);
    const pushes = stream.added.filter(({ type }) => type === 'push');
    expect(pushes.map(({ data }) => data)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('tells of each break once, and how long it took', async () => {
    await begin();
    expect(logged).toEqual([]);
    for (const breaks of [1, 2]) {
      breakDown();
      await pass(7_950);
      expect(membership.status).toBe('degraded');
      expect(warned).toHaveLength(breaks);
      await comeBack();
      expect(membership.status).toBe('up');
      expect(logged).toHaveLength(breaks);
    }
    for (const line of logged) expect(line).toMatch(/^Redis is back after (7\.9|[89]\.\d|10\.0) s$/);
  });

  it('says over the next connections what it had to say meanwhile, once and in order', async () => {
    await begin();
    breakDown();
    membership.publish(push(1));
    await pass(5 * BEAT_MS);
    membership.publish(push(2));
    await comeBack();
    const pushes = stream.added.filter(({ type }) => type === 'push');
    expect(pushes.map(({ data }) => data)).toEqual([1, 2]);
  });

  it('is closed at once where Redis goes before it has its goodbye', async () => {
    await begin();
    stream.confirms = false;
    close();
    await pass(0);
    expect(isClosed).toBe(false);
    breakDown();
    await pass(0);
    expect(isClosed).toBe(true);
  });

  it('reads all of a Redis that has lost what it had, and gives lower ids', async () => {
    for (let n = 1; n <= 20; n += 1) stream.addOf('gone', n, push('old'));
    await begin();
    for (let n = 1; n <= 10; n += 1) stream.addOf('east', n, push(n));
    await pass(0);
    breakDown();
    stream.loseAll();
    stream.addOf('east', 10, push(10));
    stream.addOf('east', 11, push(11));
    await comeBack();
    stream.addOf('east', 12, push(12));
    await pass(0);
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('does not take its own slowness for the silence of another one', async () => {
    await begin();
    stream.addOf('east', 1, { type: 'hello' });
    await pass(0);
    stream.answers = false;
    await pass(2.5 * BEAT_MS);
    // What it had asked for then: nothing had come since.
    stream.answers = true;
    stream.tell();
    await pass(0);
    stream.addOf('east', 2, push(2));
    await pass(0);
    expect([heard, lost]).toEqual([[2], []]);
    await pass(4 * BEAT_MS);
    expect(lost).toEqual(['east']);
  });

  it('warns of each break in which there was no room for all that it had to say', async () => {
    await begin();
    for (const breaks of [1, 2]) {
      breakDown();
      for (let n = 0; n < 1_000; n += 1) membership.publish(push(n));
      await comeBack();
      expect(membership.status).toBe('up');
      expect(warned.filter((text) => text.includes('maxQueueBytes'))).toHaveLength(breaks);
    }
  });

  it('keeps no connection over which Redis refuses what it asks', async () => {
    stream.refuses = true;
    await begin();
    await pass(10 * BEAT_MS);
    expect(stream.connections.length).toBeGreaterThan(4);
    expect(stream.open.length).toBeLessThanOrEqual(2);
    expect(warned).toEqual([expect.stringContaining('LOADING')]);
    stream.refuses = false;
    await comeBack();
    expect(membership.status).toBe('up');
  });

  it('begins to read where it came, also where its first connection ends before it has read anything', async () => {
    stream.answers = false;
    await begin();
    stream.addOf('east', 1, push(1));
    breakDown();
    stream.answers = true;
    await comeBack();
    expect(heard).toEqual([1]);
  });
});
