import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { redisAdapter } from 'heartwire/redis';
import { FaultProxy } from 'heartwire/testing';
import { Observable } from 'rxjs';

import { createChat } from '../src/chat/create-chat.js';
import { ChatUser } from '../src/user/chat-user.js';
import { ChatGuest } from './support/chat-guest.js';
import { describeUnless } from './support/describe-unless.js';
import { EventStream } from './support/event-stream.js';
import { type Gateway, startGateway } from './support/gateway.js';
import { RedisServer, whyNoRedis } from './support/redis-server.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

describeUnless(whyNoRedis(), 'several gateways and chats that share a Redis', () => {
  const logger = new RecordingLogger();
  const cleanups: (() => unknown)[] = [];
  let redis: RedisServer;
  let ada: ChatGuest;
  let bob: ChatGuest;
  let gateways: Gateway[];
  let chatUrl: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.stop());

  beforeEach(async () => {
    Logger.overrideLogger(logger);
    await redis.ask('flushall');
    gateways = [];
    const guests: ChatGuest[] = [];
    for (let instance = 0; instance < 2; instance += 1) {
      const chat = await createChat({ url: 'tcp://127.0.0.1:0' }, { redisUrl: redis.url }, logger);
      await chat.app.listen();
      cleanups.push(() => chat.app.close());
      chatUrl = chat.server.address;
      const users = {
        url: 'tcp://127.0.0.1:0',
        resumeWindowMs: 200,
        // A Redis on a busy disk may let some tenths of a second pass before it confirms anything.
        adapter: redisAdapter({ url: redis.url, heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 60_000 }),
      };
      const gateway = await startGateway({ chat: { url: chat.server.address }, users }, logger);
      cleanups.push(() => gateway.app.close());
      gateways.push(gateway);
      const guest = new ChatGuest(gateway.users);
      cleanups.push(() => guest.client.close());
      guests.push(guest);
    }
    [ada, bob] = guests as [ChatGuest, ChatGuest];
    await ada.enter('ada');
    await until('bob hears of ada', async () => (await bob.ask<string[]>('chat.online')).includes('ada'));
    await bob.enter('bob');
    await until('ada hears of bob', () =>
      ada.changes.some(({ type, nick }) => type === 'joined' && nick === 'bob'),
    );
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    logger.lines.length = 0;
  });

  /** Until these are all who are online, and in the lobby. Each gateway hears of others step by step. */
  const sees = (guest: ChatGuest, ...nicks: readonly string[]): Promise<void> =>
    until(`${guest.key} sees ${nicks.join()}`, async () => {
      const seen = [await guest.ask('chat.online'), await guest.ask('chat.members', { room: 'lobby' })];
      return isDeepStrictEqual(seen, [nicks, nicks]);
    });

  it('are one chat: rooms, whispers, nicknames, members', async () => {
    const said = [await ada.say('hello'), await bob.say('hi')];
    await until('both heard both', () => ada.said.length === 2 && bob.said.length === 2);
    const whisper = await ada.ask('chat.whisper', { to: 'bob', text: 'psst', draftId: 'whisper-1' });
    await until('whispered', () => bob.whispered.length === 1);

    expect([ada.said, bob.said].map((heard) => heard.map(({ id }) => id).sort())).toEqual(
      Array(2).fill(said.map(({ id }) => id).sort()),
    );
    expect(bob.whispered).toEqual([whisper]);
    for (const guest of [ada, bob]) {
      expect(await guest.ask('chat.members', { room: 'lobby' })).toEqual(['ada', 'bob']);
      expect(await guest.ask('chat.history', { room: 'lobby', limit: 9 })).toEqual(said);
    }
    expect(await bob.refusal('chat.nick', { nick: 'Ada', key: bob.key })).toMatchObject({
      response: { code: 'NICKNAME_TAKEN' },
    });
  });

  it('store a message once that is sent again over another gateway', async () => {
    const stored = await ada.say('once', 'lobby', 'draft-0001');

    expect(await bob.say('once', 'lobby', 'draft-0001')).toEqual(stored);
    expect(await ada.ask('chat.history', { room: 'lobby', limit: 9 })).toEqual([stored]);
  });

  it('tell a follower by HTTP of what was said at another chat', async () => {
    const stream = await EventStream.open(`${gateways[0]?.http ?? ''}/rooms/lobby/follow`);
    cleanups.push(() => stream.close());
    await until('it is heard', async () => {
      await bob.say('hello');
      return stream.data.length > 0;
    });

    expect(stream.data[0]).toMatchObject({ author: 'bob', text: 'hello' });
  });

  it('leave a nickname that two take at once to the first of them, and tell the other', async () => {
    // Neither gateway hears of what the other does meanwhile.
    await redis.ask('client', 'pause', 60_000, 'write');
    await ada.ask('chat.nick', { nick: 'eve', key: ada.key });
    const adaTookIt = Date.now();
    await until('bob is later', () => Date.now() > adaTookIt);
    await bob.ask('chat.nick', { nick: 'Eve', key: bob.key });
    await redis.ask('client', 'unpause');
    await until('bob is told', () => bob.lost.length > 0);

    expect([ada.lost, bob.lost]).toEqual([[], ['Eve']]);
    const say = { room: 'lobby', text: 'me', draftId: 'draft-0001' };
    expect(await bob.refusal('chat.say', say)).toMatchObject({ response: { code: 'NO_NICKNAME' } });
    for (const guest of [ada, bob]) {
      await sees(guest, 'eve');
      await until('it is told that nobody is called so any more', () =>
        guest.changes.some(({ type, nick }) => type === 'offline' && nick === 'Eve'),
      );
    }
    await bob.enter('bob');
    await sees(ada, 'bob', 'eve');
  });

  it('bring to users of one that is late to hear the others what these said before', async () => {
    const proxy = await FaultProxy.to(redis.url.replace('redis:', 'tcp:'));
    cleanups.push(() => proxy.close());
    const { target } = proxy;
    proxy.target = undefined;
    const adapter = redisAdapter({ url: proxy.url.replace('tcp:', 'redis:'), heartbeatTimeoutMs: 60_000 });
    const users = { url: 'tcp://127.0.0.1:0', adapter };
    const late = await startGateway({ chat: { url: chatUrl }, users }, logger);
    cleanups.push(() => late.app.close());
    const { client, key } = new ChatGuest(late.users);
    cleanups.push(() => client.close());
    const link = {
      send: client.send.bind(client),
      on$: client.on$.bind(client),
      connected$: new Observable<void>((subscriber) => {
        client.on('connect', () => subscriber.next());
      }),
    };
    const eve = new ChatUser(link, { nick: 'eve', key, newId: randomUUID });
    cleanups.push(() => eve.stop());
    const heard: string[] = [];
    eve.events$.subscribe((event) => {
      if (event.type === 'said') heard.push(event.message.text);
    });
    eve.join('lobby');
    eve.start();
    await until('eve is in the lobby', () => eve.isIntroduced);
    await ada.say('before');
    proxy.target = target;

    await until('eve hears it', () => heard.length > 0);
    await ada.say('after');
    await until('eve hears that too', () => heard.length > 1);
    expect(heard).toEqual(['before', 'after']);
  });

  it('say at /health that they are degraded while Redis is away', async () => {
    const health = async (): Promise<string> => {
      const reply = await fetch(`${gateways[0]?.http ?? ''}/health`);
      const { details } = (await reply.json()) as { details: { hub: { status: string } } };
      return `${String(reply.status)} ${details.hub.status}`;
    };
    expect(await health()).toBe('200 up');
    await redis.kill();
    await until('it is noticed', async () => (await health()) === '200 degraded');
    await redis.restart();
    await until('it is back', async () => (await health()) === '200 up');
  });

  it('tell who was at a gateway that has gone', async () => {
    await bob.client.close();
    await gateways[1]?.app.close();
    await until('bob is offline', () => ada.changes.at(-1)?.type === 'offline');

    expect(ada.changes.slice(-2)).toEqual([
      { type: 'left', nick: 'bob', room: 'lobby' },
      { type: 'offline', nick: 'bob' },
    ]);
    expect(await ada.ask('chat.online')).toEqual(['ada']);
  });
});
