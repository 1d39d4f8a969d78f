import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { HeartwireContext, type HeartwireServer } from 'heartwire';
import type { BrowserClient, connect } from 'heartwire/browser';
import { FaultProxy } from 'heartwire/testing';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { firstValueFrom } from 'rxjs';

import { startBrowser, whyNoBrowser } from './support/browser.js';
import { describeUnless } from './support/describe-unless.js';
import { BrowserBundle } from './support/browser-bundle.js';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

@Controller()
class TeaController {
  readonly counted: number[] = [];

  @MessagePattern('count')
  count(@Payload() n: number): number {
    this.counted.push(n);
    return n;
  }

  @MessagePattern('join')
  join(@Payload() room: string, @Ctx() { connection }: HeartwireContext): boolean {
    return connection.join(room);
  }
}

/** What the page's script keeps where a test finds it. */
interface Kept {
  heartwire: { connect: typeof connect; firstValueFrom: typeof firstValueFrom };
  client: BrowserClient;
  said: unknown[];
  answers: Promise<unknown[]>;
}

declare const window: Kept;

describeUnless(whyNoBrowser, 'a page in a browser', () => {
  const stage = new Stage();
  let bundle: BrowserBundle;
  let script: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let site: Server;
  let server: HeartwireServer;
  let controller: TeaController;
  let proxy: FaultProxy;

  beforeAll(async () => {
    bundle = await BrowserBundle.build();
    script = await readFile(await bundle.withRxjs(), 'utf8');
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await bundle.remove();
  });

  beforeEach(async () => {
    site = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : PAGE);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const { port } = site.address() as AddressInfo;
    const served = await stage.serve(
      { controllers: [TeaController] },
      { server: { attach: site, path: '/heartwire' } },
    );
    ({ server } = served);
    controller = served.app.get(TeaController);
    proxy = stage.track(await FaultProxy.to(`tcp://127.0.0.1:${String(port)}`));
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(proxy.url.replace('tcp', 'http'));
    await page.waitForFunction(() => 'heartwire' in window);
    await page.evaluate(() => {
      // After a failed attempt, only the browser's word can bring it back in time.
      const reconnect = { firstMaxMs: 0, baseMs: 60_000 };
      window.client = window.heartwire.connect({ url: '/heartwire', callTimeoutMs: 20_000, reconnect });
      window.said = [];
      window.client.on$('said').subscribe((line) => window.said.push(line));
    });
    await page.evaluate(() => window.heartwire.firstValueFrom(window.client.send('join', 'tea')));
  });

  afterEach(async () => {
    await context.close();
    await stage.clear();
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
  });

  const status = (): Promise<string> => page.evaluate(() => window.client.status);
  const said = (): Promise<unknown[]> => page.evaluate(() => window.said);

  it('calls, and gets what is pushed', async () => {
    expect(await page.evaluate(() => window.heartwire.firstValueFrom(window.client.send('count', 1)))).toBe(
      1,
    );
    server.hub.to({ room: 'tea' }).emit('said', { text: 'hello' });
    await until('the push is here', async () => (await said()).length === 1);
    expect(await said()).toEqual([{ text: 'hello' }]);
  });

  it('goes offline and comes back, at once when the browser says so: no call and no push is lost or doubled', async () => {
    const { target } = proxy;
    proxy.target = undefined;
    await context.setOffline(true);
    proxy.cut();
    await until('it is away', async () => (await status()) === 'reconnecting');

    const numbers = Array.from({ length: 20 }, (_, n) => n);
    await page.evaluate((all) => {
      const { firstValueFrom } = window.heartwire;
      window.answers = Promise.all(all.map((n) => firstValueFrom(window.client.send('count', n))));
    }, numbers);
    for (const n of numbers) server.hub.to({ room: 'tea' }).emit('said', n);
    expect(controller.counted).toEqual([]);

    proxy.target = target;
    await context.setOffline(false);
    expect(await page.evaluate(() => window.answers)).toEqual(numbers);
    expect(await status()).toBe('connected');
    expect(controller.counted).toEqual(numbers);
    await until('the pushes are here', async () => (await said()).length >= numbers.length);
    expect(await said()).toEqual(numbers);
  });

  it('does not come back after close()', async () => {
    await page.evaluate(() => window.client.close());
    await context.setOffline(true);
    await context.setOffline(false);
    expect(await status()).toBe('closed');
    await until('the server has let go of it', () => server.connections.length === 0);
  });
});

const PAGE = `<!doctype html>
<title>Tea</title>
<script type="module">
  import * as heartwire from './page.js';
  window.heartwire = heartwire;
</script>`;
