import { expect } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

import { until } from './until.js';

/** Somebody who uses the chat's page, in a browser of his or her own as far as the page can tell. */
export class PageGuest {
  /** What should not be: exceptions, and what the page's own policy refused. */
  readonly faults: string[] = [];

  private constructor(
    readonly nick: string,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (/Content.Security.Policy|TrustedHTML/i.test(message.text())) this.faults.push(message.text());
    });
    page.on('dialog', (dialog) => {
      this.faults.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  static async open(
    browser: Browser,
    url: string,
    nick: string,
    options?: BrowserContextOptions,
  ): Promise<PageGuest> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    const guest = new PageGuest(nick, context, await context.newPage());
    await guest.page.goto(url);
    return guest;
  }

  /** Named, and in a room. */
  static async enter(
    browser: Browser,
    url: string,
    { nick, room, ...options }: BrowserContextOptions & { readonly nick: string; readonly room: string },
  ): Promise<PageGuest> {
    const guest = await PageGuest.open(browser, url, nick, options);
    await guest.rename(nick);
    await guest.join(room);
    await guest.sees('members', `${nick} (you)`);
    return guest;
  }

  async rename(nick: string): Promise<void> {
    await this.page.getByLabel('Nickname').fill(nick);
    await this.page.getByLabel('Nickname').press('Enter');
  }

  async join(room: string): Promise<void> {
    await this.page.getByRole('combobox', { name: 'Room' }).fill(room);
    await this.page.getByRole('combobox', { name: 'Room' }).press('Enter');
  }

  async say(text: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Message' });
    await field.fill(text);
    await field.press('Enter');
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  /** What the open conversation shows, and not what waits to be sent. */
  said(): Promise<string[]> {
    return this.log.locator('li:not(.draft) p').allTextContents();
  }

  drafts(): Promise<string[]> {
    return this.log.locator('li.draft p').allTextContents();
  }

  async hears(text: string): Promise<void> {
    await until(`${this.nick} hears "${text}"`, async () => (await this.said()).includes(text));
  }

  /** It draws what it is told some moments later: waits for as many lines as these, which must be these. */
  async shows(lines: readonly string[]): Promise<void> {
    const enough = async (): Promise<boolean> => (await this.said()).length >= lines.length;
    await until(`${this.nick} sees ${String(lines.length)} lines`, enough).catch(() => undefined);
    expect(await this.said()).toEqual(lines);
  }

  async hasSentAll(): Promise<void> {
    await until(`nothing waits at ${this.nick}`, async () => (await this.drafts()).length === 0);
  }

  async sees(list: 'members' | 'online', nick: string): Promise<void> {
    await until(`${this.nick} sees ${nick}`, async () => (await this[list]()).includes(nick));
  }

  conversations(): Promise<string[]> {
    return this.page.locator('#conversations button').allTextContents();
  }

  members(): Promise<string[]> {
    return this.page.locator('#members li').allTextContents();
  }

  online(): Promise<string[]> {
    return this.page.locator('#online li').allTextContents();
  }

  notice(): Promise<string> {
    return this.page.getByRole('alert').innerText();
  }

  lineState(): Promise<string> {
    return this.page.locator('#line-state').innerText();
  }

  async figure(id: 'missed' | 'reconnects'): Promise<number> {
    return Number(await this.page.locator(`#${id}`).innerText());
  }
}
