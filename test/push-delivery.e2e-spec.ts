import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { filter, firstValueFrom } from 'rxjs';

import { BrokenLine } from './support/broken-line.js';
import { errorOf } from './support/outcome.js';
import { RawPeer } from './support/raw-peer.js';
import { until } from './support/until.js';

const RARELY = { intervalMs: 60_000, timeoutMs: 60_000 };

describe('what a server pushes', () => {
  const line = new BrokenLine();
  let news: unknown[];

  beforeEach(() => {
    news = [];
  });

  afterEach(() => line.clear());

  const open = async (...args: Parameters<BrokenLine['open']>): Promise<string> => {
    await line.open(...args);
    line.client.on$('news').subscribe((item) => news.push(item));
    await until('it is there', () => line.server.hub.clients.length === 1);
    const [id = ''] = line.server.hub.clients;
    line.server.hub.join(id, 'lobby');
    return id;
  };

  it('while a link is away arrives with the next one, in order and once, in the same rooms', async () => {
    const id = await open();
    const { hub } = line.server;
    const push = (from: number): void => {
      for (let n = from; n < from + 20; n += 1) hub.to(n % 2 === 0 ? id : 'lobby').emit('news', n);
    };
    push(0);
    await line.breakOff();
    expect(hub.members('lobby')).toEqual([id]);
    push(20);
    line.mend();
    // Some find the old link, some the new one.
    push(40);
    await until('the last is here', () => news.at(-1) === 59);
    await line.cut();
    push(60);
    await until('the last is here', () => news.at(-1) === 79);
    expect(news).toEqual(Array.from({ length: 80 }, (_, n) => n));
    expect(hub.clients).toEqual([id]);
  });

  it('as a broadcast comes once to a client that is just coming back', async () => {
    await open();
    for (let round = 0; round < 5; round += 1) {
      const before = news.length;
      line.proxy.reset();
      const resumed = line.events.length;
      // With every turn of the event loop, also between the new link and the old session.
      let n = 0;
      while (!line.events.slice(resumed).includes('resumed')) {
        line.server.hub.broadcast.emit('news', [round, n]);
        n += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until('all are here', () => news.length >= before + n);
      expect(news.slice(before)).toEqual(Array.from({ length: n }, (_, each) => [round, each]));
    }
  });

  it('and a call that it makes while a link is away is answered with the next one', async () => {
    const id = await open();
    line.client.handle('double', (n) => Number(n) * 2);
    await line.breakOff();
    const answer = firstValueFrom(line.server.hub.client(id).send('double', 21, { timeoutMs: 15_000 }));
    line.mend();
    expect(await answer).toBe(42);
  });

  it('reaches nobody once the session is forgotten: no room holds it, and calls fail', async () => {
    const id = await open({ resumeWindowMs: 100 });
    await line.breakOff();
    const failed = errorOf(line.server.hub.client(id).send('double', 1, { timeoutMs: 60_000 }));
    await line.forgotten();
    expect(await failed).toMatchObject({ sent: 'never' });
    expect(line.server.hub.rooms).toEqual([]);
    expect(line.server.hub.clients).toEqual([]);
  });

  it('and a call that waits fails with CONNECTION_LOST, whatever the client was lost for', async () => {
    const id = await open({ resumeWindowMs: 100, heartbeat: { intervalMs: 100, timeoutMs: 200 } });
    const suspended = firstValueFrom(
      line.server.connections$.pipe(filter(({ type }) => type === 'suspended')),
    );
    line.proxy.target = undefined;
    line.proxy.swallow();
    // No later: its session doesn't wait long.
    await suspended;
    const failed = errorOf(line.server.hub.client(id).send('double', 1, { timeoutMs: 60_000 }));
    expect(await failed).toMatchObject({
      code: 'CONNECTION_LOST',
      sent: 'never',
      cause: { code: 'HEARTBEAT_TIMEOUT' },
    });
  });

  it('beyond the bound of one that doesn’t read ends that one alone', async () => {
    // Its silence is not what ends it.
    const id = await open({
      heartbeat: RARELY,
      limits: { maxFrameBytes: 100_000, sendBufferBytes: 500_000 },
    });
    const { hub } = line.server;
    const slow = line.stage.track(await RawPeer.connect(line.server.address, { reads: false }));
    slow.send({ type: 'hello', protocol: 1, name: 'slow' });
    await until('both are there', () => hub.clients.length === 2);
    const text = 'x'.repeat(50_000);
    let pushed = 0;
    while (hub.clients.length === 2) {
      hub.broadcast.emit('news', text);
      pushed += 1;
      // The other one is no slower than it is here.
      await until('the other one has it', () => news.length === pushed);
    }
    expect(hub.clients).toEqual([id]);
    expect(line.stage.logger.texts('warn').some((warning) => warning.includes('SLOW_CONSUMER'))).toBe(true);
    hub.broadcast.emit('news', 'last');
    await until('the last is here', () => news.at(-1) === 'last');
    expect(news).toHaveLength(pushed + 1);
  });

  it('reaches a peer that says no hello, from its first call on', async () => {
    await open();
    const { hub } = line.server;
    const peer = line.stage.track(await RawPeer.connect(line.server.address));
    await peer.received({ type: 'welcome' });
    hub.broadcast.emit('news', 'too early');
    line.controller.gate.resolve();
    peer.send({ id: 1, pattern: 'held', data: 'x' });
    await peer.received({ id: 1 });
    hub.broadcast.emit('news', 'in time');
    await peer.received({ pattern: 'news', data: 'in time' });
    expect(peer.messages).not.toContainEqual(expect.objectContaining({ data: 'too early' }));
  });
});
