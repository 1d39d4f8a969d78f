import { randomUUID } from 'node:crypto';

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type Chat, createChat } from '../src/chat/create-chat.js';
import type { ChatMessage } from '../src/contract/chat-message.js';
import type { Whisper } from '../src/contract/user-view.js';
import { ChatGuest } from './support/chat-guest.js';
import { startGateway } from './support/gateway.js';
import { LeakGuard } from './support/leak-guard.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

describe('users of the chat', () => {
  const logger = new RecordingLogger();
  const guard = new LeakGuard();
  const cleanups: (() => unknown)[] = [];
  let chat: Chat;
  let http: string;
  let url: string;

  beforeEach(async () => {
    Logger.overrideLogger(logger);
    guard.begin();
    chat = await createChat({ url: 'tcp://127.0.0.1:0' }, {}, logger);
    await chat.app.listen();
    cleanups.push(() => chat.app.close());
    const users = { url: 'tcp://127.0.0.1:0', resumeWindowMs: 200 };
    const gateway = await startGateway({ chat: { url: chat.server.address }, users }, logger);
    cleanups.push(() => gateway.app.close());
    http = gateway.http;
    url = gateway.users;
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    logger.lines.length = 0;
    await guard.check();
  });

  function guest(): ChatGuest {
    const made = new ChatGuest(url);
    cleanups.push(() => made.client.close());
    return made;
  }

  async function adaAndBob(): Promise<readonly [ChatGuest, ChatGuest]> {
    const [ada, bob] = [guest(), guest()];
    await ada.enter('ada');
    await bob.enter('bob');
    return [ada, bob];
  }

  it('hear what is said in their rooms, and nothing of others', async () => {
    const [ada, bob] = await adaAndBob();
    const cid = guest();
    await cid.enter('cid', 'tea-room');
    const hello = await ada.say('hello');
    const reply = await bob.say('hi');
    await until('both heard both', () => ada.said.length === 2 && bob.said.length === 2);

    expect(hello).toMatchObject({ room: 'lobby', author: 'ada', text: 'hello' });
    expect(ada.said).toEqual([hello, reply]);
    expect(bob.said).toEqual([hello, reply]);
    await cid.say('tea?', 'tea-room');
    await until('heard', () => cid.said.length === 1);
    await ada.ask('chat.online');
    expect(ada.said).toHaveLength(2);
  });

  it('share the history with those who come by HTTP', async () => {
    const [ada] = await adaAndBob();
    const first = await ada.say('over Heartwire');
    const response = await fetch(`${http}/rooms/lobby/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ author: 'curl', text: 'over HTTP' }),
    });
    const second = (await response.json()) as ChatMessage;
    await until('it is pushed', () => ada.said.length === 2);

    expect(ada.said).toEqual([first, second]);
    expect(await (await fetch(`${http}/rooms/lobby/messages`)).json()).toEqual([first, second]);
    expect(await (await fetch(`${http}/people`)).json()).toMatchObject([
      { name: 'ada', state: 'online', since: expect.stringMatching(/^\d{4}-/) },
      { name: 'bob', state: 'online' },
    ]);
    expect((await guest().enter('cid')).messages).toEqual([first, second]);
  });

  it('store a message that they send again once, and push it with the same id', async () => {
    const [ada, bob] = await adaAndBob();
    const draftId = randomUUID();
    const stored = await ada.say('once', 'lobby', draftId);

    expect(await ada.say('once', 'lobby', draftId)).toEqual(stored);
    expect(stored.draftId).toBe(draftId);
    expect(await ada.ask('chat.history', { room: 'lobby', limit: 9 })).toEqual([stored]);
    await until('heard', () => bob.said.length > 0);
    expect(new Set(bob.said.map(({ id }) => id))).toEqual(new Set([stored.id]));
  });

  it('whisper to one person, wherever that person is, and to nobody else', async () => {
    const [ada, bob] = await adaAndBob();
    const cid = guest();
    await cid.enter('Cid', 'tea-room');
    const whisper = await ada.ask<Whisper>('chat.whisper', {
      to: 'cid',
      text: 'psst',
      draftId: randomUUID(),
    });
    await until('it is heard', () => cid.whispered.length === 1);
    await bob.ask('chat.online');

    expect(whisper).toMatchObject({ from: 'ada', to: 'cid', text: 'psst' });
    expect(cid.whispered).toEqual([whisper]);
    expect([...ada.whispered, ...bob.whispered]).toEqual([]);
    expect(await (await fetch(`${http}/rooms/lobby/messages`)).json()).toEqual([]);
    expect(
      await ada.refusal('chat.whisper', { to: 'nobody', text: 'psst', draftId: randomUUID() }),
    ).toMatchObject({ status: 404, response: { code: 'NOBODY', message: 'nobody here is called "nobody"' } });
  });

  it('hear who comes, who goes, and who is called something else', async () => {
    const ada = guest();
    await ada.enter('ada');
    const bob = guest();
    await bob.enter('bob');
    await bob.ask('chat.nick', { nick: 'Eve', key: bob.key });
    await bob.ask('chat.leave', { room: 'lobby' });
    await until('all is heard', () => ada.changes.at(-1)?.type === 'left');
    await bob.client.close();
    await until('bob is gone', () => ada.changes.at(-1)?.type === 'offline');

    expect(ada.changes).toEqual([
      { type: 'online', nick: 'ada' },
      { type: 'joined', nick: 'ada', room: 'lobby' },
      { type: 'online', nick: 'bob' },
      { type: 'joined', nick: 'bob', room: 'lobby' },
      { type: 'nick', nick: 'Eve', before: 'bob' },
      { type: 'left', nick: 'Eve', room: 'lobby' },
      { type: 'offline', nick: 'Eve' },
    ]);
  });

  it('are online and in their rooms until they are gone for good', async () => {
    const [ada, bob] = await adaAndBob();
    expect(await ada.ask('chat.online')).toEqual(['ada', 'bob']);
    bob.client.unwrap<{ destroy(): void }>().destroy();
    void bob.client.close();
    await until('bob is offline', () => ada.changes.some(({ type }) => type === 'offline'));

    expect(ada.changes.slice(-2)).toEqual([
      { type: 'left', nick: 'bob', room: 'lobby' },
      { type: 'offline', nick: 'bob' },
    ]);
    expect(await ada.ask('chat.online')).toEqual(['ada']);
    expect(await ada.ask('chat.members', { room: 'lobby' })).toEqual(['ada']);
  });

  it('see all rooms: those with messages, and those that somebody is in', async () => {
    const [ada, bob] = await adaAndBob();
    await ada.ask('chat.join', { room: 'empty' });
    await bob.ask('chat.join', { room: 'tea-room' });
    await bob.say('tea?', 'tea-room');
    await bob.ask('chat.leave', { room: 'tea-room' });

    expect(await ada.ask('chat.rooms')).toEqual([
      { name: 'lobby', messages: 0, members: 2 },
      { name: 'tea-room', messages: 1, members: 0 },
      { name: 'empty', messages: 0, members: 1 },
    ]);
  });

  describe('a nickname', () => {
    it('is one person’s while that person is there, whatever its case', async () => {
      const [, bob] = await adaAndBob();
      const taken = {
        status: 409,
        response: { code: 'NICKNAME_TAKEN', message: 'somebody else is called "ADA"' },
      };

      expect(await bob.refusal('chat.nick', { nick: 'ADA', key: bob.key })).toMatchObject(taken);
      expect(await bob.ask('chat.nick', { nick: 'BOB', key: bob.key })).toEqual({ nick: 'BOB' });
      expect(await bob.ask('chat.online')).toEqual(['ada', 'BOB']);
    });

    it('may be one person’s at several clients, who count once', async () => {
      const [ada, bob] = await adaAndBob();
      const phone = guest();
      await phone.ask('chat.nick', { nick: 'bob', key: bob.key });
      await phone.ask('chat.join', { room: 'lobby' });
      expect(await ada.ask('chat.members', { room: 'lobby' })).toEqual(['ada', 'bob']);
      await bob.client.close();
      await phone.say('still here');
      await until('heard', () => ada.said.length === 1);

      const changes = (): readonly string[] =>
        ada.changes.filter(({ nick }) => nick === 'bob').map(({ type }) => type);
      expect(changes()).toEqual(['online', 'joined']);
      await phone.client.close();
      await until('bob is gone', () => ada.changes.at(-1)?.type === 'offline');
      expect(changes()).toEqual(['online', 'joined', 'left', 'offline']);
    });

    it.each(['', 'a b', '-a', 'a'.repeat(25), 'a\u001b[31m', 'cafe\u0301', 7])(
      'can not be %j',
      async (nick) => {
        const someone = guest();

        expect(await someone.refusal('chat.nick', { nick, key: someone.key })).toMatchObject({
          status: 400,
          response: { message: [expect.stringContaining('nick must be 1 to 24')] },
        });
      },
    );
  });

  it('say who they are before they enter or speak, and enter before they speak', async () => {
    const someone = guest();
    const said = { room: 'lobby', text: 'hi', draftId: randomUUID() };
    const unknown = { status: 401, response: { code: 'NO_NICKNAME', message: 'say who you are first' } };

    expect(await someone.refusal('chat.join', { room: 'lobby' })).toMatchObject(unknown);
    expect(await someone.refusal('chat.say', said)).toMatchObject(unknown);
    await someone.ask('chat.nick', { nick: 'ada', key: someone.key });
    expect(await someone.refusal('chat.say', said)).toMatchObject({
      status: 403,
      response: { code: 'NOT_IN_ROOM', message: 'you are not in lobby' },
    });
  });

  it.each([
    ['chat.join', { room: 'No Room' }],
    ['chat.say', { room: 'lobby', text: 'x'.repeat(2_001), draftId: randomUUID() }],
    ['chat.say', { room: 'lobby', text: ' ', draftId: randomUUID() }],
    ['chat.say', { room: 'lobby', text: 'hi', draftId: 'short' }],
    ['chat.say', { room: 'lobby', text: 'hi', draftId: randomUUID(), author: 'bob' }],
    ['chat.whisper', { to: 'bob', text: { $gt: '' }, draftId: randomUUID() }],
    ['chat.history', { room: 'lobby', limit: 1_000 }],
    ['chat.nick', { nick: 'ada', key: 'short' }],
  ])('are refused what is not valid: %s %j', async (pattern, data) => {
    const [ada] = await adaAndBob();

    expect(await ada.refusal(pattern, data)).toMatchObject({
      status: 400,
      response: { error: 'Bad Request' },
    });
  });

  it('are in 20 rooms at most, and there are 100 rooms at most', async () => {
    for (let of = 0; of < 5; of += 1) {
      const someone = guest();
      await someone.ask('chat.nick', { nick: `someone-${of}`, key: someone.key });
      for (let n = 1; n <= 20 && of * 20 + n < 100; n += 1) {
        await someone.ask('chat.join', { room: `room-${of * 20 + n}` });
      }
    }
    const one = guest();
    await one.enter('one');
    const full = {
      status: 409,
      response: { code: 'TOO_MANY_ROOMS', message: expect.stringContaining('100 rooms') },
    };
    expect(await one.refusal('chat.join', { room: 'one-more' })).toMatchObject(full);

    for (let n = 1; n < 20; n += 1) await one.ask('chat.join', { room: `room-${n}` });
    expect(await one.refusal('chat.join', { room: 'room-20' })).toMatchObject({
      status: 409,
      response: { code: 'TOO_MANY_ROOMS', message: 'you are in 20 rooms already: leave one first' },
    });
  });

  it('make no more rooms than there may be at once either', async () => {
    const guests = await Promise.all(
      Array.from({ length: 6 }, async (_, of) => {
        const someone = guest();
        await someone.ask('chat.nick', { nick: `someone-${of}`, key: someone.key });
        return someone;
      }),
    );
    const joins = guests.flatMap((someone, of) =>
      Array.from({ length: 20 }, (_, n) => someone.ask('chat.join', { room: `room-${of * 20 + n}` })),
    );
    const joined = (await Promise.allSettled(joins)).filter(({ status }) => status === 'fulfilled');

    // The lobby is one too.
    expect(joined).toHaveLength(99);
    expect(await guests[0]?.ask('chat.rooms')).toHaveLength(100);
  });
});
