import { Logger, NotFoundException } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Subscription } from 'rxjs';

import type { FollowPage } from '../contract/chat-message.js';
import { RoomsService } from './rooms.service.js';
import type { MessageStore } from './store/message-store.js';
import { openStore } from './store/open-store.js';

const textsOf = (pages: readonly FollowPage[]): readonly string[] =>
  pages.flatMap(({ messages }) => messages.map(({ text }) => text));

describe('rooms', () => {
  let store: MessageStore;
  let rooms: RoomsService;
  const following: Subscription[] = [];

  beforeEach(async () => {
    store = await openStore({}, new Logger());
    rooms = new RoomsService(store);
  });

  afterEach(async () => {
    for (const each of following.splice(0)) each.unsubscribe();
    await store.close();
  });

  /** What a follower got, once that is enough. */
  async function followed(
    room: string,
    after: string | undefined,
    isEnough: (pages: readonly FollowPage[]) => boolean,
  ): Promise<readonly FollowPage[]> {
    const pages: FollowPage[] = [];
    return new Promise((resolve, reject) => {
      const next = (page: FollowPage): void => {
        pages.push(page);
        if (isEnough(pages)) resolve(pages);
      };
      following.push(rooms.follow(room, after).subscribe({ next, error: reject }));
    });
  }

  const first = (room: string, after?: string): Promise<readonly FollowPage[]> =>
    followed(room, after, () => true);
  const holding = (count: number) => (pages: readonly FollowPage[]) => textsOf(pages).length >= count;

  async function say(count: number, from = 1): Promise<readonly string[]> {
    const texts = Array.from({ length: count }, (_, index) => String(from + index));
    await Promise.all(texts.map((text) => rooms.post({ room: 'lobby', author: 'ada', text })));
    return texts;
  }

  it('give a follower of an empty room one empty page at once', async () => {
    expect(await first('lobby')).toEqual([{ messages: [], cursor: expect.stringMatching(/^\w+-\d+$/) }]);
  });

  it('can be followed before anybody made them', async () => {
    const pages = followed('later', undefined, holding(1));
    const message = await rooms.post({ room: 'later', author: 'ada', text: 'hi' });

    expect((await pages).at(-1)).toEqual({ messages: [message], cursor: message.id });
    expect(await rooms.list()).toContainEqual({ name: 'later', messages: 1 });
  });

  it('give all that came after the cursor of an empty page, in pages of 100', async () => {
    await rooms.post({ room: 'other', author: 'ada', text: 'elsewhere' });
    const [empty] = await first('lobby');
    const texts = await say(120);

    const pages = await followed('lobby', empty?.cursor, holding(120));
    expect(textsOf(pages)).toEqual(texts);
    expect(pages.map(({ messages }) => messages.length)).toEqual([100, 20]);
    expect(await first('lobby', pages.at(-1)?.cursor)).toMatchObject([{ messages: [] }]);
  });

  it('tell a follower all that is said while it reads, once and in order', async () => {
    const pages = followed('lobby', undefined, holding(300));
    const texts = [...(await say(100)), ...(await say(100, 101)), ...(await say(100, 201))];

    expect(textsOf(await pages)).toEqual(texts);
  });

  it('go on from every message without a repetition or a gap', async () => {
    await say(30);
    const ids = (await rooms.history({ room: 'lobby', limit: 30 })).map(({ id }) => id);

    for (const [index, id] of ids.entries()) {
      const rest = Array.from({ length: 29 - index }, (_, offset) => String(index + 2 + offset));
      expect(textsOf(await first('lobby', id))).toEqual(rest);
      const after = await rooms.history({ room: 'lobby', limit: 5, after: id });
      expect(after.map(({ text }) => text)).toEqual(rest.slice(0, 5));
    }
  });

  it('that nobody made have no history', async () => {
    await expect(rooms.history({ room: 'nowhere', limit: 1 })).rejects.toThrow(NotFoundException);
  });

  it('let their followers go', async () => {
    const ended = new Promise<void>((resolve) => {
      following.push(rooms.follow('lobby', undefined).subscribe({ complete: resolve }));
    });
    rooms.endFollowing();

    await expect(ended).resolves.toBeUndefined();
  });
});
