import { ConflictException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';

import type { FollowPage } from '../contract/chat-message.js';
import { RoomsService } from './rooms.service.js';

function followed(rooms: RoomsService, room: string, after?: string): FollowPage[] {
  const pages: FollowPage[] = [];
  rooms.follow(room, after).subscribe((page) => pages.push(page));
  return pages;
}

const textsOf = (pages: readonly FollowPage[]): readonly string[] =>
  pages.flatMap(({ messages }) => messages.map(({ text }) => text));

function say(rooms: RoomsService, count: number, from = 1): readonly string[] {
  const texts = Array.from({ length: count }, (_, index) => String(from + index));
  for (const text of texts) rooms.post({ room: 'lobby', author: 'ada', text });
  return texts;
}

describe('rooms', () => {
  it('give a follower of an empty room one empty page at once', () => {
    const pages = followed(new RoomsService(), 'lobby');

    expect(pages).toEqual([{ messages: [], cursor: expect.stringMatching(/^\w+-0$/) }]);
  });

  it('can be followed before anybody made them', () => {
    const rooms = new RoomsService();
    const pages = followed(rooms, 'later');
    const message = rooms.post({ room: 'later', author: 'ada', text: 'hi' });

    expect(pages.slice(1)).toEqual([{ messages: [message], cursor: message.id }]);
    expect(rooms.list()).toContainEqual({ name: 'later', messages: 1 });
  });

  it('give all that came after the cursor of an empty page', () => {
    const rooms = new RoomsService();
    rooms.post({ room: 'other', author: 'ada', text: 'elsewhere' });
    const [empty] = followed(rooms, 'lobby');
    const texts = say(rooms, 120);

    const pages = followed(rooms, 'lobby', empty?.cursor);
    expect(textsOf(pages)).toEqual(texts);
    expect(pages.map(({ messages }) => messages.length)).toEqual([100, 20]);
    expect(followed(rooms, 'lobby', pages.at(-1)?.cursor)).toMatchObject([{ messages: [] }]);
  });

  it('go on from every message without a repetition or a gap', () => {
    const rooms = new RoomsService();
    say(rooms, 30);
    const ids = rooms.history('lobby', 30).map(({ id }) => id);

    for (const [index, id] of ids.entries()) {
      expect(textsOf(followed(rooms, 'lobby', id))).toEqual(
        Array.from({ length: 29 - index }, (_, offset) => String(index + 2 + offset)),
      );
    }
  });

  it('give all that they still have to whoever comes from before a restart', () => {
    const before = new RoomsService();
    say(before, 80);
    const [last] = before.history('lobby', 1);
    const after = new RoomsService();
    const texts = say(after, 60, 81);

    expect(textsOf(followed(after, 'lobby', last?.id))).toEqual(texts);
  });

  it('keep the newest 500 messages', () => {
    const rooms = new RoomsService();
    const [first] = followed(rooms, 'lobby');
    const texts = say(rooms, 501);

    expect(textsOf(followed(rooms, 'lobby', first?.cursor))).toEqual(texts.slice(1));
  });

  it('take whatever text for a cursor', () => {
    const rooms = new RoomsService();
    const texts = say(rooms, 3);
    const [run] = (rooms.history('lobby', 1)[0]?.id ?? '').split('-');

    for (const cursor of ['', '-', 'x', `${run}-`, `${run}-x`, `${run}-1e999`, `${run}--1`]) {
      expect(textsOf(followed(rooms, 'lobby', cursor))).toEqual(texts);
    }
  });

  it('are at most 100', () => {
    const rooms = new RoomsService();
    const open = (room: string): unknown => rooms.post({ room, author: 'ada', text: 'hi' });
    for (let n = 1; n < 100; n += 1) open(`room-${n}`);

    expect(() => open('one-more')).toThrow(ConflictException);
    expect(rooms.list()).toHaveLength(100);
    expect(() => rooms.history('one-more', 1)).toThrow(NotFoundException);
  });

  it('let their followers go', () => {
    const rooms = new RoomsService();
    let hasEnded = false;
    rooms.follow('lobby', undefined).subscribe({ complete: () => (hasEnded = true) });
    rooms.endFollowing();

    expect(hasEnded).toBe(true);
  });
});
