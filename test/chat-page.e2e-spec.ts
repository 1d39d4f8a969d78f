import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { HeartwireClient } from 'heartwire';
import { FaultProxy } from 'heartwire/testing';
import type { Browser } from 'playwright-core';
import { firstValueFrom } from 'rxjs';

import type { ChatMessage } from '../src/contract/chat-message.js';
import { startBrowser, whyNoBrowser } from './support/browser.js';
import { describeUnless } from './support/describe-unless.js';
import { PageGuest } from './support/page-guest.js';
import { ChatSite } from './support/chat-site.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

/** Building the page, starting three services and a browser takes a while on a busy machine. */
const LONG_MS = 120_000;
/** What a killed service takes to be back, and its users with it. */
const BACK_MS = 60_000;

/** Where `npm run screenshot` wants its picture. */
const picture = process.env['HEARTWIRE_SCREENSHOT'];

describeUnless(whyNoBrowser, 'the chat’s page', () => {
  let site: ChatSite;
  let browser: Browser;
  let room: string;
  let rooms = 0;
  const guests: PageGuest[] = [];
  const cleanups: (() => unknown)[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(new RecordingLogger());
    site = await ChatSite.start();
    browser = await startBrowser();
  }, LONG_MS);

  afterAll(async () => {
    await browser.close();
    await site.stop();
  }, LONG_MS);

  beforeEach(() => {
    rooms += 1;
    room = `room-${String(rooms)}`;
  });

  afterEach(async () => {
    const faults = guests.flatMap((guest) => guest.faults);
    for (const guest of guests.splice(0)) await guest.context.close();
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    expect(faults).toEqual([]);
  });

  /** Called otherwise in each test: a gateway keeps the place of somebody who was cut off for a while. */
  const called = (name: string): string => `${name}-${String(rooms)}`;

  async function enter(name: string, options = {}, url = site.url): Promise<PageGuest> {
    const guest = await PageGuest.enter(browser, url, { nick: called(name), room, ...options });
    guests.push(guest);
    return guest;
  }

  /** The way of one page to the gateway, which can be broken. */
  async function proxied(): Promise<{ proxy: FaultProxy; url: string }> {
    const proxy = await FaultProxy.to(site.url.replace('http', 'tcp'));
    cleanups.push(() => proxy.close());
    return { proxy, url: proxy.url.replace('tcp', 'http') };
  }

  async function history(): Promise<readonly string[]> {
    const response = await fetch(`${site.url}/rooms/${room}/messages?limit=100`);
    return ((await response.json()) as ChatMessage[]).map(({ text }) => text);
  }

  /** It is called offline after a while. */
  const isAway = async (guest: PageGuest): Promise<boolean> =>
    ['reconnecting', 'offline'].includes(await guest.lineState());

  const numbered = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `line ${String(from + index)}`);

  it('lets two people talk, who see each other come and go, and what was said before', async () => {
    const ada = await enter('ada');
    await ada.say('is anybody here?');
    const bob = await enter('bob');
    await bob.hears('is anybody here?');
    await bob.say('I am');
    await ada.hears('I am');

    for (const guest of [ada, bob]) await guest.shows(['is anybody here?', 'I am']);
    expect(await ada.members()).toEqual([`${ada.nick} (you)`, bob.nick]);
    for (const nick of [ada.nick, `${bob.nick} (you)`]) await bob.sees('online', nick);
    await bob.rename(called('robert'));
    await ada.sees('members', called('robert'));
    await bob.page.getByRole('button', { name: 'Leave' }).click();
    await until('that bob has left is seen', async () => (await ada.members()).length === 1);
    await bob.page.goto('about:blank');
    await until('that bob is gone is seen', async () => !(await ada.online()).includes(called('robert')));
  });

  it('shares its rooms with terminals', async () => {
    const ada = await enter('ada');
    const client = new HeartwireClient({ url: site.usersUrl });
    cleanups.push(() => client.close());
    const ask = (pattern: string, data: object): Promise<unknown> =>
      firstValueFrom(client.send(pattern, data));
    await ask('chat.nick', { nick: called('terminal'), key: 'a'.repeat(16) });
    await ask('chat.join', { room });
    await ask('chat.say', { room, text: 'over TCP', draftId: 'draft-0001' });

    await ada.hears('over TCP');
    await ada.sees('members', called('terminal'));
  });

  it('brings a whisper to the one it is for, and to nobody else', async () => {
    const ada = await enter('ada');
    const bob = await enter('bob');
    const cid = await enter('cid');
    await ada.page.getByRole('button', { name: `Whisper to ${bob.nick}` }).click();
    await ada.say('psst');
    await ada.hears('psst');
    await until('bob is told', async () => (await bob.conversations()).includes(`@${ada.nick} 1 unread`));
    await bob.page.getByRole('button', { name: `@${ada.nick}` }).click();
    await bob.hears('psst');
    await bob.say('what?');
    await ada.hears('what?');
    await ada.page.getByRole('button', { name: `#${room}` }).click();
    await ada.say('aloud');
    await cid.hears('aloud');

    await cid.shows(['aloud']);
    expect(await cid.conversations()).toEqual(['#lobby', `#${room}`]);
  });

  it('says why something can’t be, and keeps the old nickname', async () => {
    const ada = await enter('ada');
    const bob = await enter('bob');
    const taken = ada.nick.toUpperCase();
    await bob.rename(taken);
    await until('bob is told', async () =>
      (await bob.notice()).includes(`somebody else is called "${taken}"`),
    );
    const field = bob.page.getByLabel('Nickname');
    await until('the old one is shown', async () => (await field.inputValue()) === bob.nick);
    await bob.join('no such name!');
    await until('bob is told', async () => (await bob.notice()).includes('lower-case letters'));
    await until('the room is gone', async () => !(await bob.conversations()).includes('#no such name!'));
  });

  it('shows markup as text, and runs nothing of it', async () => {
    const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script><b>bold</b>';
    const ada = await enter('ada');
    const bob = await enter('bob');
    await ada.say(evil);
    await bob.hears(evil);
    await ada.say('/files/"><script>alert(3)</script> (1 bytes, SHA-256 ' + '0'.repeat(64) + ')');
    for (const guest of [ada, bob])
      await until('both are here', async () => (await guest.said()).length === 2);
    await bob.rename('<i>bob</i>');
    await until('bob is told', async () => (await bob.notice()).includes('<i>bob</i>'));

    for (const guest of [ada, bob])
      expect(await guest.page.locator('#log :is(img, script, b, i)').count()).toBe(0);
    expect(await bob.page.getByRole('alert').locator('i').count()).toBe(0);
  });

  it('shows each text in its own direction', async () => {
    const ada = await enter('ada');
    await ada.say('مرحبا (abc)!');
    await ada.say('hello (abc)!');
    await until('both are said', async () => (await ada.said()).length === 2);

    const directions = await ada.page.evaluate(
      `[...document.querySelectorAll('#log p')].map((line) => getComputedStyle(line).direction)`,
    );
    expect(directions).toEqual(['rtl', 'ltr']);
  });

  it('draws what comes in a flood no more often than it can be seen', async () => {
    const ada = await enter('ada');
    await ada.page.evaluate(`
      counts = { frames: 0, drawn: 0 };
      const frame = () => { counts.frames += 1; requestAnimationFrame(frame); };
      requestAnimationFrame(frame);
      new MutationObserver(() => (counts.drawn += 1)).observe(document.getElementById('log'), { childList: true });
      undefined;
    `);
    const post = (text: string): Promise<unknown> =>
      fetch(`${site.url}/rooms/${room}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ author: 'flood', text }),
      });
    await Promise.all(numbered(1, 300).map(post));
    await until('all is shown', async () => (await ada.said()).length === 300);

    const counts = await ada.page.evaluate<{ frames: number; drawn: number }>('counts');
    expect(counts.drawn).toBeLessThanOrEqual(counts.frames + 1);
  });

  it('is served with headers that leave a stranger’s script no way in', async () => {
    const response = await fetch(site.url);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(await response.text()).not.toMatch(/<script[^>]*>[^<]|\son\w+=|style=/);
  });

  it.each(['chat', 'gateway'] as const)(
    'loses nothing and shows nothing twice when %s is killed and started again while one types',
    async (service) => {
      const ada = await enter('ada');
      const bob = await enter('bob');
      for (const line of numbered(1, 5)) await ada.say(line);
      await site.kill(service);
      for (const line of numbered(6, 12)) await ada.say(line);
      const back = site.run(service);
      for (const line of numbered(13, 20)) await ada.say(line);
      await back;
      for (const guest of [ada, bob]) {
        const isThere = async (): Promise<boolean> => (await guest.said()).length >= 20;
        await until(`${guest.nick} has all of it`, isThere, BACK_MS);
      }
      await bob.say('got it all?');

      const all = [...numbered(1, 20), 'got it all?'];
      for (const guest of [ada, bob]) await guest.shows(all);
      await ada.hasSentAll();
      expect(await history()).toEqual(all);
      await until('the line is alive', async () => (await ada.lineState()) === 'alive');
      if (service === 'gateway') expect(await ada.figure('reconnects')).toBeGreaterThan(0);
    },
    LONG_MS,
  );

  it(
    'is told that the gateway goes, and comes back to the next one',
    async () => {
      const ada = await enter('ada');
      await site.kill('gateway', 'SIGTERM');
      await until('it is away', () => isAway(ada));
      await site.run('gateway');
      await until('it is back', async () => (await ada.lineState()) === 'alive', BACK_MS);
      await ada.say('still here');
      await ada.hears('still here');
    },
    LONG_MS,
  );

  it('keeps what is typed offline, and sends it once the network is back', async () => {
    const { proxy, url } = await proxied();
    const ada = await enter('ada', {}, url);
    const bob = await enter('bob');
    const { target } = proxy;
    proxy.target = undefined;
    await ada.context.setOffline(true);
    proxy.cut();
    await until('ada is away', () => isAway(ada));
    for (const line of numbered(1, 3)) await ada.say(line);
    await until('all three wait', async () => (await ada.drafts()).length === 3);
    expect(await ada.drafts()).toEqual(numbered(1, 3));
    expect(await ada.page.locator('#waiting').innerText()).toBe('3 to send');
    await bob.say('ada, are you there?');
    await bob.hears('ada, are you there?');

    proxy.target = target;
    await ada.context.setOffline(false);
    await ada.hears('ada, are you there?');
    await bob.hears('line 3');
    await ada.hasSentAll();
    const all = ['ada, are you there?', ...numbered(1, 3)];
    for (const guest of [ada, bob]) await guest.shows(all);
    expect(await history()).toEqual(all);
  });

  it('shows a gateway that falls silent: suspect, missed beats, away; and that it is back', async () => {
    const { proxy, url } = await proxied();
    const ada = await enter('ada', {}, url);
    const path = ada.page.locator('#round-trip-path');
    await until('round trips are drawn', async () => ((await path.getAttribute('d')) ?? '').includes('L'));
    expect(await ada.page.locator('#round-trip').innerText()).toMatch(/^\d+\.\d ms$/);

    await ada.page.evaluate(WATCH_LINE);
    proxy.swallow('downstream');
    await until('it is away', () => isAway(ada));
    const states = await ada.page.evaluate<string[]>('states');
    expect(states[states.indexOf('reconnecting') - 1]).toBe('suspect');
    expect(await ada.figure('missed')).toBeGreaterThan(0);
    proxy.heal();
    await until('it is back', async () => (await ada.lineState()) === 'alive');
    expect(await ada.figure('reconnects')).toBeGreaterThan(0);
  });

  it('stays disconnected when told to, and sends what was typed meanwhile when it connects again', async () => {
    const ada = await enter('ada');
    const bob = await enter('bob');
    await ada.page.getByRole('button', { name: 'Disconnect' }).click();
    await until('ada is gone', async () => !(await bob.online()).includes(ada.nick));
    await ada.context.setOffline(true);
    await ada.context.setOffline(false);
    await ada.say('later');
    await bob.say('meanwhile');
    await bob.hears('meanwhile');
    expect(await ada.lineState()).toBe('disconnected');
    expect(await ada.said()).toEqual([]);
    const reconnects = await ada.figure('reconnects');

    await ada.page.getByRole('button', { name: 'Connect', exact: true }).click();
    for (const guest of [ada, bob]) await guest.shows(['meanwhile', 'later']);
    await ada.hasSentAll();
    expect(await ada.figure('reconnects')).toBe(reconnects);
  });

  it('uploads a dropped file with its progress, and shares it with the others', async () => {
    const { proxy, url } = await proxied();
    const ada = await enter('ada', {}, url);
    const bob = await enter('bob', { acceptDownloads: true });
    // More than the sockets on the way hold, and so slow that it is not over before anybody has looked.
    const size = 24 * 1_024 ** 2;
    proxy.slow({ bytesPerSecond: 2 * 1_024 ** 2 });
    await ada.page.evaluate(dropped('my photo.png', size));

    const bar = ada.page.getByRole('progressbar', { name: 'Upload of my photo.png' });
    await until('a part of it is sent', async () => {
      const share = await bar.evaluate((it) => (it as unknown as { value: number }).value);
      return share > 0.2 && share < 1;
    });
    proxy.heal();
    const link = bob.log.getByRole('link');
    await link.waitFor();
    await until('the bar is gone', async () => (await bar.count()) === 0);
    expect(await bob.said()).toEqual([
      expect.stringMatching(/^my-photo-\w{6}\.png 25\.2 MB, SHA-256 \w{12}…$/),
    ]);
    const sha256 = createHash('sha256').update(bytesOf(size)).digest('hex');
    expect(await bob.log.locator('code').getAttribute('title')).toBe(`SHA-256 ${sha256}`);

    const downloading = bob.page.waitForEvent('download');
    await link.click();
    const download = await downloading;
    expect(
      createHash('sha256')
        .update(await readFile(await download.path()))
        .digest('hex'),
    ).toBe(sha256);
  });

  it('can be used with a keyboard alone', async () => {
    const ada = await PageGuest.open(browser, site.url, called('ada'));
    guests.push(ada);
    const bob = await enter('bob');
    const { keyboard } = ada.page;
    const focused = (): Promise<string> => ada.page.evaluate(FOCUSED);
    const outline = (): Promise<string> => ada.page.evaluate(OUTLINE);
    const tabTo = async (name: string, key = 'Tab'): Promise<void> => {
      for (let presses = 0; (await focused()) !== name; presses += 1) {
        if (presses > 40) throw new Error(`no way to "${name}" by ${key}`);
        await keyboard.press(key);
      }
      expect(await outline()).not.toBe('none');
    };

    await tabTo('nickname');
    await keyboard.press('Control+A');
    await keyboard.type(`${ada.nick}\n`);
    expect(await focused()).toBe('text');
    await tabTo('room', 'Shift+Tab');
    await keyboard.type(`${room}\n`);
    expect(await focused()).toBe('text');
    await keyboard.type('by hand');
    await keyboard.press('Shift+Enter');
    await keyboard.type('alone\n');
    await bob.hears('by hand\nalone');
    await ada.sees('online', bob.nick);
    await tabTo(`Whisper to ${bob.nick}`);
    await keyboard.press('Enter');
    expect(await focused()).toBe('text');
    await keyboard.type('psst\n');
    await until('bob is told', async () => (await bob.conversations()).includes(`@${ada.nick} 1 unread`));
    await tabTo('connect', 'Shift+Tab');
    await keyboard.press('Space');
    await until('it is disconnected', async () => (await ada.lineState()) === 'disconnected');
  });

  it('leaves the keyboard where one can go on, when what had it goes away', async () => {
    const ada = await PageGuest.open(browser, site.url, called('ada'));
    guests.push(ada);
    const focused = (): Promise<string> => ada.page.evaluate(FOCUSED);
    const message = ada.page.getByRole('textbox', { name: 'Message' });
    await ada.rename(ada.nick);
    await ada.page.getByRole('button', { name: 'Leave' }).press('Enter');
    await until('there is no room to write in', () => message.isDisabled());
    expect(await focused()).toBe('room');

    await ada.join('No Room');
    await until('it is refused', () => message.isDisabled());
    expect(await focused()).toBe('room');
    await ada.join(room);
    expect(await focused()).toBe('text');

    await ada.page.route('**/files/*', (route) => route.abort());
    await ada.page.evaluate(dropped('lost.txt', 1));
    await ada.page.getByRole('button', { name: 'Try again' }).press('Enter');
    expect(await focused()).toBe('Cancel');
    await ada.page.keyboard.press('Enter');
    expect(await focused()).toBe('text');
  });

  it('fits a phone, and is light or dark as its user likes', async () => {
    const ada = await enter('ada', {
      viewport: { width: 360, height: 640 },
      hasTouch: true,
      colorScheme: 'dark',
    });
    await ada.say(`https://example.com/${'a-long-word'.repeat(40)}`);
    await until('it is said', async () => (await ada.said()).length === 1);
    const width = await ada.page.evaluate<number>(WIDTH);
    expect(width).toBeLessThanOrEqual(360);
    for (const field of ['Nickname', 'Message']) {
      const box = await ada.page.getByRole('textbox', { name: field }).boundingBox();
      expect(box?.width).toBeGreaterThan(120);
    }
    const back = (): Promise<string> => ada.page.evaluate(BACKGROUND);
    const dark = await back();
    await ada.page.emulateMedia({ colorScheme: 'light' });
    expect(await back()).not.toBe(dark);
  });

  it('is who it was after a reload, with its rooms', async () => {
    const ada = await enter('ada');
    await ada.say('before');
    await ada.hears('before');
    await ada.page.reload();
    await ada.hears('before');
    await until('its rooms are there', async () => (await ada.conversations()).length === 2);
    expect(await ada.conversations()).toEqual(['#lobby', `#${room}`]);
    await ada.sees('members', `${ada.nick} (you)`);
    expect(await ada.members()).toHaveLength(1);
  });

  if (picture !== undefined) {
    it(
      'has its picture taken',
      async () => {
        const { proxy, url } = await proxied();
        const sizes = { viewport: { width: 1_000, height: 640 }, colorScheme: 'light' };
        const people = [];
        for (const nick of ['ada', 'bob', 'cid']) {
          const context = nick === 'ada' ? sizes : {};
          people.push(
            await PageGuest.enter(browser, nick === 'ada' ? url : site.url, {
              nick,
              room: 'tea',
              ...context,
            }),
          );
        }
        guests.push(...people);
        const [ada, bob, cid] = people as [PageGuest, PageGuest, PageGuest];
        await bob.say('The gateway was restarted a minute ago. Did anybody lose anything?');
        await ada.hears('The gateway was restarted a minute ago. Did anybody lose anything?');
        await cid.say('No. What I wrote in between is here, once.');
        await bob.page.evaluate(dropped('round trips.csv', 48_213));
        await until('the file is shared', async () => (await ada.said()).length === 3);
        await cid.page.getByRole('button', { name: 'Whisper to ada' }).click();
        await cid.say('Shall we cut the cable again?');
        await until('ada is told', async () => (await ada.conversations()).includes('@cid 1 unread'));
        const samples = (): Promise<number> =>
          ada.page
            .locator('#round-trip-path')
            .evaluate((it) => (it as unknown as Drawn).getAttribute('d').split(' ').length);
        for (const [delayMs, count] of [
          [3, 12],
          [12, 16],
          [4, 24],
        ] as const) {
          proxy.slow({ delayMs, jitterMs: 4 });
          await until('it is drawn', async () => (await samples()) > count, BACK_MS);
        }
        proxy.cut();
        await until('it is back', async () => (await ada.figure('reconnects')) === 1);
        const drawn = await samples();
        await until('it is drawn on', async () => (await samples()) > drawn + 5, BACK_MS);
        await ada.say('Same here.');
        await ada.hears('Same here.');
        await ada.page.screenshot({ path: picture });
      },
      LONG_MS,
    );
  }
});

interface Drawn {
  getAttribute(name: string): string;
}

// These run in the page.

const FOCUSED = `(({ activeElement: it }) =>
  it.id || it.getAttribute('aria-label') || it.textContent || '')(document)`;
/** Keeps the states that the line goes through: one may be over before anybody outside looks. */
const WATCH_LINE = `{
  states = [];
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) states.push(...Array.from(addedNodes, (text) => text.data));
  }).observe(document.getElementById('line-state'), { childList: true });
}`;
const OUTLINE = 'getComputedStyle(document.activeElement).outlineStyle';
const WIDTH = 'document.documentElement.scrollWidth';
const BACKGROUND = 'getComputedStyle(document.body).backgroundColor';
/** Drops a file on the conversation, with bytes as those of `bytesOf`. */
const dropped = (name: string, size: number): string => `{
  const bytes = new Uint8Array(${String(size)});
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = (index * 31) ^ (index >> 8);
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], '${name}', { type: 'image/png' }));
  document.getElementById('log').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
}`;

function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 1) bytes[index] = (index * 31) ^ (index >> 8);
  return bytes;
}
