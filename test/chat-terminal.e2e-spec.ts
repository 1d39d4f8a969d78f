import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy } from 'heartwire/testing';

import type { ChatMessage } from '../src/contract/chat-message.js';
import { ChildService } from './support/child-service.js';
import { freeUrl } from './support/free-url.js';
import { startGateway } from './support/gateway.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

/** Starting a process with all of Nest takes seconds on a busy machine, and these tests start several. */
const LONG_MS = 90_000;

describe('the chat in a terminal', () => {
  const logger = new RecordingLogger();
  const cleanups: (() => unknown)[] = [];
  const afterwards = <T>(thing: T, cleanup: (it: T) => unknown): T => {
    cleanups.push(() => cleanup(thing));
    return thing;
  };
  let chatUrl: string;
  let folder: string;
  let http: string;
  let url: string;

  beforeEach(async () => {
    Logger.overrideLogger(logger);
    folder = afterwards(await mkdtemp(join(tmpdir(), 'chat-')), (made) => rm(made, { recursive: true }));
    chatUrl = await freeUrl();
    const users = { url: 'tcp://127.0.0.1:0', resumeWindowMs: 300 };
    const gateway = await startGateway({ chat: { url: chatUrl }, users }, logger);
    cleanups.push(() => gateway.app.close());
    http = gateway.http;
    url = gateway.users;
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    logger.lines.length = 0;
  });

  async function startChat(): Promise<ChildService> {
    const env = { CHAT_LISTEN: chatUrl, CHAT_FOLDER: folder };
    const chat = afterwards(new ChildService('src/chat/main.ts', [], env), (child) => child.kill());
    await chat.prints('Listening at');
    return chat;
  }

  function terminal(nick: string, where = url, ...more: readonly string[]): ChildService {
    const args = ['--url', where, '--nick', nick, ...more];
    return afterwards(new ChildService('src/terminal/main.ts', args), (child) => child.kill());
  }

  async function history(room = 'lobby'): Promise<readonly string[]> {
    const response = await fetch(`${http}/rooms/${room}/messages?limit=100`);
    return ((await response.json()) as ChatMessage[]).map(({ text }) => text);
  }

  /** What a terminal shows of a room, in order. */
  const shown = (child: ChildService, room = 'lobby'): readonly string[] =>
    child.printed.flatMap((line) => line.split(`[${room}] `)[1]?.split(': ').slice(1).join(': ') ?? []);

  it(
    'does all that can be typed',
    async () => {
      await startChat();
      const [ada, bob, cid] = [terminal('ada'), terminal('bob'), terminal('cid')];
      await ada.prints('* The connection is alive');
      for (const each of [ada, bob, cid]) await each.prints(/^\* You are in lobby, with /);
      ada.type('hello "☕"', '//slashed');
      for (const each of [ada, bob, cid]) await each.prints(/^\d\d:\d\d \[lobby\] ada: \/slashed$/);
      expect(shown(bob)).toEqual(['hello "☕"', '/slashed']);

      bob.type('/whisper ada only for you');
      await ada.prints(/^\d\d:\d\d \(bob to you\) only for you$/);
      await bob.prints(/^\d\d:\d\d \(you to ada\) only for you$/);

      bob.type('/nick Bobby', '/list', '/list lobby');
      await ada.prints('* bob is now Bobby');
      await bob.prints(/^ {2}online: ada, Bobby, cid$/);
      await bob.prints(/^ {2}lobby: ada, Bobby, cid$/);

      bob.type('/join tea-room', 'tea?', '/rooms');
      await bob.prints(/^\* You are in tea-room, with Bobby$/);
      await bob.prints(/^ {2}tea-room: 1 person, (?:0 messages|1 message)$/);
      bob.type('/leave', 'back', '/leave', 'nowhere');
      await bob.prints('* You have left tea-room');
      await ada.prints(/\[lobby\] Bobby: back$/);
      await ada.prints('* Bobby has left lobby');
      await bob.prints('! You are in no room. Try /join ROOM');

      cid.type('/status', '/help', '/dance', '/nick', '/nick ada', '/join No-Room', '/whisper nobody psst');
      await cid.prints(
        /^ {2}connection: alive, to tcp:.*, round trip .*, missed beats 0, reconnects 0, 0 messages/,
      );
      await cid.prints('/whisper NAME TEXT   tell one person something');
      await cid.prints('! There is no /dance. Try /help');
      await cid.prints('! It goes like this: /nick NAME');
      await cid.prints('! ada: somebody else is called "ada"');
      await cid.prints('! No-Room: room must be 1 to 32');
      await cid.prints('! psst: nobody here is called "nobody"');
      cid.type('still cid', '/quit');
      await ada.prints(/\[lobby\] cid: still cid$/);
      await cid.ended();
      expect(cid.exitCode).toBe(0);
      await ada.prints('* cid is offline');

      expect(cid.printed.join('\n')).not.toContain('only for you');
      expect(await history()).toEqual(['hello "☕"', '/slashed', 'back', 'still cid']);
    },
    LONG_MS,
  );

  it(
    'shows nothing that could move the cursor or change colours',
    async () => {
      await startChat();
      const ada = terminal('ada');
      await ada.prints('You are in lobby');
      await fetch(`${http}/rooms/lobby/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          author: 'eve',
          text: '\u001b[2J\u001b]0;owned\u0007red\u001b[31m\n[lobby] bob: fake\u202e\u009b',
        }),
      });
      await ada.prints(/\[lobby\] eve: /);

      expect(shown(ada)).toEqual(['red [lobby] bob: fake'.split('[lobby] ')[0]]);
      // eslint-disable-next-line no-control-regex -- none may be left
      expect(ada.printed.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    },
    LONG_MS,
  );

  it(
    'sends what is piped into it, once, and ends',
    async () => {
      // It runs, but can't be reached: what is piped waits 30 s at most, and no process starts in a time that is known.
      await startChat();
      const way = afterwards(await FaultProxy.to(chatUrl), (made) => made.close());
      way.target = undefined;
      const chat = { url: way.url, reconnect: { maxMs: 100 } };
      const gateway = await startGateway({ chat, users: { url: 'tcp://127.0.0.1:0' } }, logger);
      afterwards(gateway, ({ app }) => app.close());
      const ada = terminal('ada', gateway.users);
      ada.type('one', 'two', '/join other', 'three');
      ada.endInput();
      await ada.prints('(not sent yet) three');
      way.target = chatUrl;
      await ada.ended();

      expect(ada.exitCode).toBe(0);
      expect([await history(), await history('other')]).toEqual([['one', 'two'], ['three']]);
    },
    LONG_MS,
  );

  it(
    'does not let a question that can’t be answered yet hold up what is typed next',
    async () => {
      const away = terminal('ada', await freeUrl());
      away.type('/list', '/rooms', '/status', 'hello', '/quit');
      await away.prints(/^ {2}connection: offline, .* 0 messages to send$/);
      await away.ended();

      expect(away.exitCode).toBe(1);
      expect(away.printed.filter((line) => line.startsWith('!'))).toEqual(['! Not sent: 1 message']);
    },
    LONG_MS,
  );

  it(
    'says in one line what is wrong with where it should connect',
    async () => {
      const lost = terminal('ada', 'http://nowhere');
      await lost.ended();

      expect(lost.exitCode).toBe(1);
      expect(lost.printed.join('\n').trim()).toMatch(/^error: .*url must begin with tcp:\/\/.*$/);
    },
    LONG_MS,
  );

  it(
    'takes more from a pipe than may wait at once, and sends all of it',
    async () => {
      await startChat();
      const ada = terminal('ada');
      const texts = Array.from({ length: 1_100 }, (_, index) => `line ${index + 1}`);
      ada.type(...texts);
      ada.endInput();
      await ada.ended();

      expect(ada.exitCode).toBe(0);
      expect(ada.printed.filter((line) => line.startsWith('!'))).toEqual([]);
      expect(shown(ada)).toEqual(texts);
    },
    LONG_MS,
  );

  it(
    'loses nothing and shows nothing twice while the chat service is killed and started again',
    async () => {
      let chat = await startChat();
      const [ada, bob] = [terminal('ada'), terminal('bob')];
      for (const each of [ada, bob]) await each.prints('You are in lobby');
      const texts = Array.from({ length: 60 }, (_, index) => `line ${index + 1}`);
      for (const [index, text] of texts.entries()) {
        ada.type(text);
        if (index % 20 === 9) {
          await bob.prints(new RegExp(`: line ${Math.max(1, index - 5)}$`));
          await chat.kill();
        }
        if (index % 20 === 14) chat = await startChat();
      }
      await until('all is shown', () => shown(ada).length >= 60 && shown(bob).length >= 60);

      expect(shown(ada)).toEqual(texts);
      expect(shown(bob)).toEqual(texts);
      expect(await history()).toEqual(texts);
    },
    LONG_MS,
  );

  it(
    'sends what was typed while it was cut off, once, and shows what it has missed',
    async () => {
      await startChat();
      const proxy = afterwards(await FaultProxy.to(url), (made) => made.close());
      const [ada, bob] = [terminal('ada', proxy.url), terminal('bob')];
      for (const each of [ada, bob]) await each.prints('You are in lobby');

      proxy.target = undefined;
      proxy.reset();
      await ada.prints('* The connection is reconnecting');
      // Beyond the time that the gateway keeps ada's session for: all is said anew, in a new one.
      await bob.prints('* ada is offline');
      ada.type('typed 1', 'typed 2');
      await ada.prints('(not sent yet) typed 2');
      bob.type(...Array.from({ length: 150 }, (_, index) => `missed ${index + 1}`));
      await bob.prints(/: missed 150$/);
      proxy.target = url;
      await bob.prints(/: typed 2$/);
      await ada.prints(/: typed 2$/);

      const missed = Array.from({ length: 150 }, (_, index) => `missed ${index + 1}`);
      expect(shown(ada)).toEqual([...missed, 'typed 1', 'typed 2']);
      expect(shown(bob)).toEqual([...missed, 'typed 1', 'typed 2']);
      // In its turn: after all that was typed is confirmed.
      ada.type('/leave');
      await ada.prints('* You have left lobby');
      ada.type('/status');
      await ada.prints(/connection: alive.* reconnects 1, 0 messages to send$/);
    },
    LONG_MS,
  );
});
