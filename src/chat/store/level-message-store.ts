import { randomBytes } from 'node:crypto';

import type { LoggerService } from '@nestjs/common';
import { Subject } from 'rxjs';

import type { ChatMessage, FollowPage, RoomSummary } from '../../contract/chat-message.js';
import { ALL_MESSAGES, messageKey, messagesAfter, parseMessageKey, STORE_KEY } from './level-keys.js';
import { MessageNumbering } from './message-numbering.js';
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
import { hasRoom, type Level, openLevel } from './open-level.js';
import { RoomIndex } from './room-index.js';

interface Waiting {
  readonly message: NewMessage;
  readonly resolve: (stored: ChatMessage) => void;
  readonly reject: (error: unknown) => void;
}

type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/**
 * Keeps messages in a folder, which only one process may have open. All that waits is written together and is on
 * the disk before it is acknowledged.
 */
export class LevelMessageStore implements MessageStore {
  private readonly changed = new Subject<string | undefined>();
  readonly changed$ = this.changed.asObservable();

  private index = new Map<string, RoomIndex>();
  private numbering = new MessageNumbering('');
  /** The number of the newest message that was given one. */
  private lastNumber = 0;
  /** The number of the newest message that is on the disk. */
  private lastWritten = 0;
  private readonly waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private level: Level;
  /** A write has failed: LevelDB may have left half of it in its log, and would lose on a restart what it writes after that. */
  private isTorn = false;

  private constructor(
    private readonly folder: string,
    private readonly bounds: StoreBounds,
    private readonly logger: LoggerService,
  ) {}

  static async open(
    folder: string,
    logger: LoggerService,
    bounds: StoreBounds = STORE_BOUNDS,
  ): Promise<LevelMessageStore> {
    const store = new LevelMessageStore(folder, bounds, logger);
    store.level = await store.openFolder();
    return store;
  }

  append(message: NewMessage): Promise<ChatMessage> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ message, resolve, reject });
      this.writing ??= this.write();
    });
  }

  rooms(): Promise<readonly RoomSummary[]> {
    return Promise.resolve([...this.index].map(([name, room]) => ({ name, messages: room.size })));
  }

  has(room: string): Promise<boolean> {
    return Promise.resolve(this.index.has(room));
  }

  async read(room: string, { after, limit }: Range): Promise<FollowPage> {
    // Before the disk is read: what is written meanwhile must come after the cursor.
    const end = this.numbering.idOf(this.lastWritten);
    const isFromEnd = after === undefined;
    const first = isFromEnd ? 0 : this.numbering.numberOf(after);
    const messages: ChatMessage[] = [];
    const entries = this.level.iterator({ ...messagesAfter(room, first), reverse: isFromEnd });
    for await (const [key, record] of entries) {
      const message = this.parse(key, record);
      if (message !== undefined) messages.push(message);
      if (messages.length >= limit) break;
    }
    if (isFromEnd) messages.reverse();
    return { messages, cursor: messages.at(-1)?.id ?? end };
  }

  async close(): Promise<void> {
    await this.writing;
    this.changed.complete();
    await this.level.close();
  }

  private openFolder(): Promise<Level> {
    return openLevel(this.folder, (level) => this.load(level), this.logger);
  }

  /** What was written so far is read from its log, and a new one begins. Until there is room for that, what is kept can still be read. */
  private async openAgain(): Promise<void> {
    if (!(await hasRoom(this.folder))) throw new Error(`there is no room left for ${this.folder}`);
    await this.level.close();
    this.level = await this.openFolder();
    this.isTorn = false;
  }

  private async load(level: Level): Promise<void> {
    const index = new Map([[LOBBY, new RoomIndex()]]);
    let unreadable = 0;
    // Beyond all that a folder may have lost, repaired or put back from a copy: a new message with the number of
    // an old one would be taken for it by whoever has seen that.
    let lastNumber = Date.now();
    for await (const [key, record] of level.iterator(ALL_MESSAGES)) {
      const place = parseMessageKey(key);
      if (place === undefined) continue;
      const { room, number } = place;
      lastNumber = Math.max(lastNumber, number);
      const message = readRecord(room, record);
      if (message === undefined) unreadable += 1;
      const known = index.get(room) ?? new RoomIndex();
      index.set(room, known);
      known.add(number, message?.draftId);
    }
    if (unreadable > 0) this.logger.warn(`${String(unreadable)} messages can't be read, and are left out`);
    this.lastNumber = lastNumber;
    this.lastWritten = lastNumber;
    this.index = index;
    this.numbering = new MessageNumbering(await storeIdOf(level));
  }

  /** Until nothing waits any more. */
  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0);
      try {
        await this.writeBatch(batch);
      } catch (error) {
        this.isTorn = true;
        for (const { reject } of batch) reject(error);
        await this.load(this.level).catch(() => undefined);
      }
    }
    this.writing = undefined;
  }

  private async writeBatch(batch: readonly Waiting[]): Promise<void> {
    if (this.isTorn) await this.openAgain();
    const operations: Operation[] = [];
    const accepted = batch.flatMap((each) => {
      const key = this.place(each.message, operations);
      if (key === undefined) each.reject(tooManyRooms(this.bounds));
      return key === undefined ? [] : [{ ...each, key }];
    });
    if (operations.length > 0) await this.level.batch(operations, { sync: true });
    this.lastWritten = this.lastNumber;
    for (const { message, key, resolve } of accepted) {
      resolve(this.parse(key, await this.level.get(key)) ?? { ...message, id: this.idAt(key) });
    }
    for (const room of new Set(accepted.map(({ message }) => message.room))) this.changed.next(room);
  }

  /** The key that a message has, or gets with these operations; `undefined` when its room is one too many. */
  private place(message: NewMessage, operations: Operation[]): string | undefined {
    const { room: name, draftId } = message;
    const room = this.index.get(name) ?? new RoomIndex();
    const known = room.numberOf(draftId);
    if (known !== undefined) return messageKey(name, known);
    if (!this.index.has(name) && this.index.size >= this.bounds.rooms) return undefined;
    this.index.set(name, room);
    this.lastNumber += 1;
    room.add(this.lastNumber, draftId);
    const key = messageKey(name, this.lastNumber);
    operations.push({ type: 'put', key, value: writeRecord(message) });
    for (const number of room.trim(this.bounds.messagesPerRoom)) {
      operations.push({ type: 'del', key: messageKey(name, number) });
    }
    return key;
  }

  private parse(key: string, record: string | undefined): ChatMessage | undefined {
    const room = parseMessageKey(key)?.room;
    const message = room === undefined ? undefined : readRecord(room, record);
    return message && { id: this.idAt(key), ...message };
  }

  private idAt(key: string): string {
    return this.numbering.idOf(parseMessageKey(key)?.number ?? 0);
  }
}

async function storeIdOf(level: Level): Promise<string> {
  const known = await level.get(STORE_KEY);
  if (known !== undefined && /^[0-9a-f]{12}$/.test(known)) return known;
  const storeId = randomBytes(6).toString('hex');
  await level.put(STORE_KEY, storeId, { sync: true });
  return storeId;
}
