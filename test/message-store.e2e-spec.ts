import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { ConflictException, ServiceUnavailableException } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';

import type { MessageStore, NewMessage, StoreBounds } from '../src/chat/store/message-store.js';
import { LevelMessageStore } from '../src/chat/store/level-message-store.js';
import { RedisMessageStore } from '../src/chat/store/redis-message-store.js';
import { describeUnless } from './support/describe-unless.js';
import { loaderArguments, program } from './support/program.js';
import { RedisServer, whyNoRedis } from './support/redis-server.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

const bounds: StoreBounds = { rooms: 4, messagesPerRoom: 10 };
const logger = new RecordingLogger();

/** A place of its own for each test, which can be opened again and again. */
interface Place {
  open(): Promise<MessageStore>;
  /** Puts something in the place of a room's newest message. */
  spoil(room: string, record: string): Promise<void>;
  clear(): Promise<void>;
}

class LevelPlace implements Place {
  private constructor(readonly folder: string) {}

  static async make(): Promise<LevelPlace> {
    return new LevelPlace(await mkdtemp(join(tmpdir(), 'store-')));
  }

  get location(): string {
    return join(this.folder, 'messages');
  }

  open(): Promise<MessageStore> {
    return LevelMessageStore.open(this.location, logger, bounds);
  }

  async spoil(room: string, record: string): Promise<void> {
    const level = new ClassicLevel(this.location);
    const [key] = await level.keys({ lt: `message!${room}!~`, reverse: true, limit: 1 }).all();
    await level.put(key ?? '', record);
    await level.close();
  }

  clear(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

let redis: RedisServer | undefined;
let prefixes = 0;

function redisPlace(): Promise<Place> {
  prefixes += 1;
  const prefix = `test-${String(prefixes)}:`;
  const ask = (...args: [string, ...string[]]): Promise<unknown> | undefined => redis?.ask(...args);
  return Promise.resolve({
    open: () => Promise.resolve(new RedisMessageStore(redis?.url ?? '', logger, bounds, prefix)),
    async spoil(room: string, record: string) {
      const stream = `${prefix}room:${room}`;
      const [[id]] = (await ask('xrevrange', stream, '+', '-', 'COUNT', '1')) as [[string]];
      await ask('xdel', stream, id);
      await ask('xadd', stream, '*', 'record', record);
    },
    clear: () => Promise.resolve(),
  });
}

const noRedis = whyNoRedis();

beforeAll(async () => {
  if (noRedis === undefined) redis = await RedisServer.start();
});

afterAll(() => redis?.stop());

let drafts = 0;
const draft = (): string => `draft-${String((drafts += 1)).padStart(4, '0')}`;
const message = (text: string, room = 'lobby', draftId = draft()): NewMessage => {
  return { room, author: 'ada', text, postedAt: '2026-01-01T00:00:00.000Z', draftId };
};

const kinds = [
  [undefined, 'a folder', (): Promise<Place> => LevelPlace.make()],
  [noRedis, 'Redis', redisPlace],
] as const;

for (const [obstacle, kind, make] of kinds)
  describeUnless(obstacle, `the history in ${kind}`, () => {
    let place: Place;
    let store: MessageStore;
    const open = async (): Promise<MessageStore> => (store = await place.open());
    const reopen = async (): Promise<MessageStore> => {
      await store.close();
      return open();
    };
    const texts = async (room = 'lobby', after?: string): Promise<readonly string[]> =>
      (await store.read(room, { limit: 100, after })).messages.map(({ text }) => text);
    const say = async (...said: readonly string[]): Promise<readonly string[]> =>
      (await Promise.all(said.map((text) => store.append(message(text))))).map(({ id }) => id);

    beforeEach(async () => {
      logger.lines.length = 0;
      place = await make();
      await open();
    });

    afterEach(async () => {
      await store.close();
      await place.clear();
    });

    it('gives back what was stored, as it was, also to the next process', async () => {
      const told = message('two "☕"\n\u001b[31m', 'tea-room');
      const stored = await store.append(told);

      expect(stored).toEqual({ ...told, id: expect.stringMatching(/^[\w-]{1,64}$/) });
      await reopen();
      expect(await store.read('tea-room', { limit: 1 })).toEqual({ messages: [stored], cursor: stored.id });
    });

    it('keeps the order in which messages came, at once and over a restart', async () => {
      const said = Array.from({ length: 10 }, (_, index) => String(index));
      await say(...said.slice(0, 5));
      await reopen();
      await say(...said.slice(5));

      expect(await texts()).toEqual(said);
    });

    it('goes on after any message, and after the cursor of an empty page', async () => {
      const { cursor } = await store.read('lobby', {
        limit: 5,
        after: (await store.read('lobby', { limit: 5 })).cursor,
      });
      await store.append(message('elsewhere', 'other'));
      const ids = await say('1', '2', '3', '4');

      expect(await texts('lobby', cursor)).toEqual(['1', '2', '3', '4']);
      expect(await texts('lobby', ids[1])).toEqual(['3', '4']);
      expect(await texts('lobby', ids[3])).toEqual([]);
      expect((await store.read('lobby', { limit: 2, after: ids[0] })).messages).toMatchObject([
        { text: '2' },
        { text: '3' },
      ]);
      expect((await store.read('lobby', { limit: 2 })).messages).toMatchObject([
        { text: '3' },
        { text: '4' },
      ]);
    });

    it('takes whatever text for a cursor', async () => {
      const [first] = await say('1', '2', '3');
      const [begin = ''] = (first ?? '').split('-');
      const odd = [
        '',
        '-',
        'x',
        `${begin}-`,
        `${begin}-x`,
        `${begin}-1e999`,
        `${begin}--1`,
        'ffffffffffff-2',
      ];

      for (const cursor of odd) expect(await texts('lobby', cursor)).toEqual(['1', '2', '3']);
    });

    it('stores a message that is sent again once: at the same time, later, and after a restart', async () => {
      const told = message('once');
      const both = await Promise.all([store.append(told), store.append({ ...told, postedAt: 'later' })]);
      await say('two');
      await reopen();

      for (const again of [...both, await store.append(told)]) expect(again).toEqual(both[0]);
      expect(await texts()).toEqual(['once', 'two']);
      await store.append({ ...told, room: 'other' });
      expect(await texts('other')).toEqual(['once']);
    });

    it('stores the same words twice where their writer gives them no name, or two', async () => {
      const { draftId: _, ...nameless } = message('again');
      await store.append(nameless);
      await store.append(nameless);
      await say('again');

      expect(await texts()).toEqual(['again', 'again', 'again']);
      expect((await store.read('lobby', { limit: 1 })).messages[0]).not.toHaveProperty('draftId', undefined);
    });

    it('keeps the newest messages of each room', async () => {
      await store.append(message('stays', 'quiet'));
      const said = Array.from({ length: 35 }, (_, index) => String(index));
      await say(...said.slice(0, 25));
      for (const text of said.slice(25)) await say(text);

      expect(await texts()).toEqual(said.slice(-10));
      expect(await texts('quiet')).toEqual(['stays']);
      await reopen();
      expect(await store.rooms()).toEqual([
        { name: 'lobby', messages: 10 },
        { name: 'quiet', messages: 1 },
      ]);
    });

    it('makes no more rooms than it may, the lobby included', async () => {
      for (const room of ['a', 'b', 'c']) await store.append(message('hi', room));

      await expect(store.append(message('hi', 'd'))).rejects.toThrow(ConflictException);
      await store.append(message('hi', 'lobby'));
      expect((await store.rooms()).map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'lobby']);
      expect([await store.has('a'), await store.has('lobby'), await store.has('d')]).toEqual([
        true,
        true,
        false,
      ]);
    });

    it.each([
      ['no JSON', '{ no'],
      ['something else', '[1]'],
      ['half a message', '{"version":1,"author":"ada"}'],
      ['of a later version', '{"version":2,"who":"ada","what":"hi"}'],
    ])('leaves out a record that is %s, and goes on', async (_, record) => {
      await say('1', '2', '3');
      await store.close();
      await place.spoil('lobby', record);
      await open();

      expect(await texts()).toEqual(['1', '2']);
      await say('4');
      expect(await texts()).toEqual(['1', '2', '4']);
      expect((await store.read('lobby', { limit: 2 })).messages.at(-1)?.text).toBe('4');
    });

    it('tells of the rooms that have something new, once it can be read', async () => {
      const seen: (readonly string[])[] = [];
      const reads: Promise<unknown>[] = [];
      store.changed$.subscribe((room) => {
        if (room === 'lobby') reads.push(texts().then((now) => seen.push(now)));
      });
      await until('listening', async () => {
        await store.append(message('hello'));
        return reads.length > 0;
      });
      await Promise.all(reads);

      expect(seen[0]).toContain('hello');
    });
  });

describe('a folder', () => {
  let place: LevelPlace;

  beforeEach(async () => {
    logger.lines.length = 0;
    place = await LevelPlace.make();
  });

  afterEach(() => place.clear());

  it('is used by one process only, and says so', async () => {
    const store = await place.open();

    await expect(place.open()).rejects.toThrow(`another process has ${place.location} open`);
    await store.append(message('still here'));
    await store.close();
  });

  it('that can’t be used is refused with the reason', async () => {
    await writeFile(place.location, 'no folder');

    await expect(place.open()).rejects.toThrow(/messages can't be used: EEXIST/);
  });

  it('loses nothing that it has acknowledged when its process is killed', async () => {
    const { location } = place;
    const child = spawn(
      process.execPath,
      [...loaderArguments, program('test/support/append-until-killed.ts'), location],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 50_000, killSignal: 'SIGKILL' },
    );
    let acknowledged = 0;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      acknowledged = Number(line);
      if (acknowledged === 200) child.kill('SIGKILL');
    });
    await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    const store = await LevelMessageStore.open(location, logger);
    const { messages } = await store.read('lobby', { limit: 500 });
    await store.close();

    const kept = messages.map(({ text }) => Number(text));
    const last = kept.at(-1) ?? 0;
    expect(acknowledged).toBeGreaterThanOrEqual(200);
    expect(last).toBeGreaterThanOrEqual(acknowledged);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => last - kept.length + 1 + index));
  });

  it('goes on after the disk has refused a message, and loses none that it acknowledges then', async () => {
    const { location } = place;
    const child = spawn(
      'sh',
      [
        ...['-c', 'ulimit -f 400 && exec "$0" "$@"', process.execPath],
        ...[...loaderArguments, program('test/support/append-beyond-limit.ts'), location],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 50_000, killSignal: 'SIGKILL' },
    );
    const printed: string[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => printed.push(line));
    await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    const store = await LevelMessageStore.open(location, logger);
    const { messages } = await store.read('lobby', { limit: 500 });
    await store.close();

    expect(printed.slice(-3)).toEqual(['refused', 'after-1', 'after-2']);
    expect(messages.length).toBeGreaterThan(2);
    expect(messages.map(({ text }) => text.slice(0, 8))).toEqual(
      printed.filter((line) => line !== 'refused'),
    );
  });

  it('that is put back as it once was gives no id a second time', async () => {
    const copy = `${place.location}-copy`;
    const first = await place.open();
    await first.append(message('kept'));
    await first.close();
    await cp(place.location, copy, { recursive: true });
    const second = await place.open();
    const lost = await second.append(message('lost'));
    await second.close();
    await rm(place.location, { recursive: true });
    await rename(copy, place.location);

    const store = await place.open();
    const next = await store.append(message('next'));
    expect(next.id).not.toBe(lost.id);
    expect((await store.read('lobby', { limit: 9, after: lost.id })).messages).toEqual([next]);
    await store.close();
  });

  it.each([['MANIFEST'], ['CURRENT']])('whose %s is cut off is repaired, or moved aside', async (file) => {
    const before = await place.open();
    await before.append(message('before'));
    await before.close();
    const files = await readdir(place.location);
    for (const name of files.filter((each) => each.startsWith(file)))
      await truncate(join(place.location, name), 3);

    const store = await place.open();
    await store.append(message('after'));
    expect((await store.read('lobby', { limit: 1 })).messages).toMatchObject([{ text: 'after' }]);
    await store.close();
    expect(logger.texts('warn')).toContainEqual(expect.stringContaining('is damaged'));
  });

  /** With what was stored in two runs: what the first one wrote is in a table then, not in a log. */
  async function storeTwice(): Promise<void> {
    for (const text of ['first', 'second']) {
      const store = await place.open();
      await store.append(message(text));
      await store.close();
    }
  }

  it('whose table is cut off is repaired, or moved aside', async () => {
    await storeTwice();
    const tables = (await readdir(place.location)).filter((name) => name.endsWith('.ldb'));
    for (const name of tables) await truncate(join(place.location, name), 3);

    const store = await place.open();
    await store.append(message('after'));
    expect((await store.read('lobby', { limit: 1 })).messages).toMatchObject([{ text: 'after' }]);
    await store.close();
    expect(tables).not.toEqual([]);
    expect(logger.texts('warn')).toContainEqual(expect.stringContaining('is damaged'));
  });

  it('that has lost its CURRENT loses no message', async () => {
    await storeTwice();
    await rm(join(place.location, 'CURRENT'));

    const store = await place.open();
    const { messages } = await store.read('lobby', { limit: 9 });
    await store.close();
    expect(messages).toMatchObject([{ text: 'first' }, { text: 'second' }]);
    expect(logger.texts('warn')).toContainEqual(expect.stringContaining('is damaged'));
  });
});

describeUnless(noRedis, 'Redis', () => {
  const cleanups: (() => unknown)[] = [];
  const afterwards = <T>(thing: T, cleanup: (it: T) => unknown): T => {
    cleanups.push(() => cleanup(thing));
    return thing;
  };
  const closed = (store: MessageStore): Promise<void> => store.close();

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('tells other instances what one of them stores', async () => {
    const place = await redisPlace();
    const [one, two] = [afterwards(await place.open(), closed), afterwards(await place.open(), closed)];
    const heard: (string | undefined)[] = [];
    two.changed$.subscribe((room) => heard.push(room));
    await until('the other hears', async () => {
      await one.append(message('hello', 'tea-room'));
      return heard.includes('tea-room');
    });

    expect((await two.read('tea-room', { limit: 1 })).messages).toMatchObject([{ text: 'hello' }]);
  });

  it('may be away: what is asked then fails in time, and all goes on where it was', async () => {
    const own = afterwards(await RedisServer.start(), (server) => server.stop());
    const store = afterwards(new RedisMessageStore(own.url, logger, bounds, 'test:'), closed);
    const kept = await store.append(message('before'));
    let wakes = 0;
    store.changed$.subscribe(() => (wakes += 1));
    await own.kill();
    const told = message('meanwhile');

    await expect(store.append(told)).rejects.toThrow(ServiceUnavailableException);
    const before = wakes;
    await own.restart();
    await until('followers are woken', () => wakes > before);
    const stored = await store.append(told);
    expect((await store.read('lobby', { limit: 9 })).messages).toEqual([kept, stored]);
  });
});
