import { randomUUID } from 'node:crypto';

import { type LoggerService, ServiceUnavailableException } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Subject } from 'rxjs';

import type { ChatMessage, FollowPage, RoomSummary } from '../../contract/chat-message.js';
import { readRecord, writeRecord } from './message-record.js';
import {
  LOBBY,
  type MessageStore,
  type NewMessage,
  type Range,
  STORE_BOUNDS,
  type StoreBounds,
  tooManyRooms,
} from './message-store.js';
import { APPEND, type Appended, type StreamEntry } from './redis-script.js';

/** Below what callers wait for an answer, so that they are told why there is none. */
const COMMAND_TIMEOUT_MS = 4_000;
/** How long a closed connection, or one that is gone already, holds up the end of the process. */
const DISCONNECT_TIMEOUT_MS = 100;

const STREAM_ID = /^\d{1,20}-\d{1,20}$/;
const BEGINNING = '0-0';

/**
 * Keeps messages in Redis, a stream for each room, for any number of instances of the chat. A command that was cut off is
 * sent again: every message has a draft, so none is stored twice.
 */
export class RedisMessageStore implements MessageStore {
  private readonly changed = new Subject<string | undefined>();
  readonly changed$ = this.changed.asObservable();

  private readonly redis: Redis;
  /** A connection of its own: one that listens can't be asked. */
  private readonly listener: Redis;
  private isAway = false;

  /** @param prefix begins all its keys */
  constructor(
    url: string,
    private readonly logger: LoggerService,
    private readonly bounds: StoreBounds = STORE_BOUNDS,
    private readonly prefix = 'heartwire-chat:',
  ) {
    const options = {
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: null,
      retryStrategy: (times: number) => Math.min(times * 50, 1_000),
    };
    this.redis = new Redis(url, { ...options, commandTimeout: COMMAND_TIMEOUT_MS });
    this.listener = new Redis(url, options);
    this.redis.on('error', (error) => {
      this.lost(error);
    });
    this.redis.on('ready', () => {
      this.found();
    });
    this.listener.on('error', () => undefined);
    this.listener.on('message', (_: string, room: string) => {
      this.changed.next(room);
    });
    // What was published while it was away is not told again.
    this.listener.on('ready', () => {
      this.listener.subscribe(this.key('said')).then(
        () => this.changed.next(undefined),
        () => undefined,
      );
    });
  }

  async append(message: NewMessage): Promise<ChatMessage> {
    const { room, draftId = randomUUID() } = message;
    const keys = [this.key('rooms'), this.streamOf(room), this.key(`drafts:${room}`), this.key('said')];
    const { rooms, messagesPerRoom } = this.bounds;
    const values = [room, draftId, writeRecord(message), rooms, messagesPerRoom, LOBBY];
    const appended = (await this.ask(() =>
      this.redis.eval(APPEND, keys.length, ...keys, ...values),
    )) as Appended;
    if (appended === null) throw tooManyRooms(this.bounds);
    const [id, record] = appended;
    return { id, ...(readRecord(room, record) ?? message) };
  }

  async rooms(): Promise<readonly RoomSummary[]> {
    const known = await this.ask(() => this.redis.smembers(this.key('rooms')));
    const names = [...new Set([LOBBY, ...known.sort()])];
    const sizes = await Promise.all(
      names.map((name) => this.ask(() => this.redis.xlen(this.streamOf(name)))),
    );
    return names.map((name, index) => ({ name, messages: sizes[index] ?? 0 }));
  }

  async has(room: string): Promise<boolean> {
    if (room === LOBBY) return true;
    return (await this.ask(() => this.redis.sismember(this.key('rooms'), room))) === 1;
  }

  async read(room: string, { after, limit }: Range): Promise<FollowPage> {
    const stream = this.streamOf(room);
    const start = after !== undefined && STREAM_ID.test(after) ? after : BEGINNING;
    const entries =
      after === undefined
        ? (await this.ask(() => this.redis.xrevrange(stream, '+', '-', 'COUNT', limit))).reverse()
        : await this.ask(() => this.redis.xrange(stream, `(${start}`, '+', 'COUNT', limit));
    return { messages: entries.flatMap((entry) => parse(room, entry)), cursor: entries.at(-1)?.[0] ?? start };
  }

  async close(): Promise<void> {
    this.changed.complete();
    this.listener.disconnect();
    await this.redis.quit().catch(() => undefined);
    this.redis.disconnect();
  }

  private async ask<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw new ServiceUnavailableException('the history can not be reached now', { cause: error });
    }
  }

  private lost(error: Error): void {
    if (this.isAway) return;
    this.isAway = true;
    this.logger.warn(`Redis is away: ${error.message}. It is tried again and again`);
  }

  private found(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.logger.log('Redis is back');
  }

  private streamOf(room: string): string {
    return this.key(`room:${room}`);
  }

  private key(name: string): string {
    return `${this.prefix}${name}`;
  }
}

function parse(room: string, [id, fields]: StreamEntry): readonly ChatMessage[] {
  const message = readRecord(room, fields[1]);
  return message === undefined ? [] : [{ id, ...message }];
}
