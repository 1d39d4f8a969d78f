import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Subject } from 'rxjs';

import { FakePage } from '../../../../test/support/fake-page.js';
import { READY, settle, WELCOME } from '../../../../test/support/scripted-peer.js';
import { virtualRuntime } from '../../../../test/support/session-ends.js';
import { HeartwireError } from '../errors/heartwire-error.js';
import { BrowserClient } from './browser-client.js';
import { type ConnectOptions, settingsOf } from './connect-options.js';

let page: FakePage;
const clients: BrowserClient[] = [];

function connect(options: Partial<ConnectOptions> = {}): BrowserClient {
  const settings = settingsOf(
    { url: '/heartwire', heartbeat: { intervalMs: 1_000, timeoutMs: 2_000 }, ...options },
    page,
  );
  const client = new BrowserClient(settings, virtualRuntime, page);
  clients.push(client);
  return client;
}

/** What became of a call. */
function ask(client: BrowserClient, pattern: string, data?: unknown, options = {}): unknown[] {
  const outcome: unknown[] = [];
  client.send(pattern, data, options).subscribe({
    next: (value) => outcome.push(value),
    error: (error: unknown) => outcome.push(error instanceof HeartwireError ? error.code : error),
    complete: () => outcome.push('complete'),
  });
  settle();
  return outcome;
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
  page = new FakePage();
});

afterEach(() => {
  for (const client of clients.splice(0)) {
    void client.close();
    page.socket.break();
  }
  jest.advanceTimersByTime(60_000);
  jest.useRealTimers();
});

describe('a client in a page', () => {
  it('connects at once, to the page’s own host where the url is a path', () => {
    const client = connect();
    expect(page.socket.url).toBe('wss://chat.example/heartwire');
    expect(client.status).toBe('connecting');
    page.socket.greet();
    expect(client.status).toBe('connected');
  });

  it('calls, and gets the answer', () => {
    const client = connect();
    page.socket.greet();
    const outcome = ask(client, 'sum', [1, 2]);
    expect(page.socket.heardOf(undefined)).toMatchObject([{ id: 1, pattern: 'sum', data: [1, 2] }]);
    page.socket.say({ id: 1, response: 3, isDisposed: true });
    expect(outcome).toEqual([3, 'complete']);
  });

  it('fails a call that can’t be written down', () => {
    const client = connect();
    const failures: unknown[] = [];
    client.send('add', 1n).subscribe({ error: (error: unknown) => failures.push(error) });
    expect(failures).toMatchObject([{ code: 'UNSERIALIZABLE', sent: 'never' }]);
  });

  it('sends calls that were made too early once it is connected', () => {
    const client = connect();
    const outcome = ask(client, 'early');
    page.socket.greet();
    settle();
    expect(page.socket.heardOf(undefined)).toHaveLength(1);
    page.socket.say({ id: 1, response: 'now', isDisposed: true });
    expect(outcome).toEqual(['now', 'complete']);
  });

  it('takes an option that is undefined for one that was left out', () => {
    const heartbeat = { intervalMs: undefined, timeoutMs: 2_000 };
    expect(settingsOf({ url: '/', heartbeat }, page).heartbeat).toEqual({
      intervalMs: 5_000,
      timeoutMs: 2_000,
    });
    const client = connect({ callTimeoutMs: undefined, limits: { waitingCalls: undefined } });
    const outcome = ask(client, 'early');
    jest.advanceTimersByTime(4_900);
    expect(outcome).toEqual([]);
    jest.advanceTimersByTime(200);
    expect(outcome).toEqual(['DEADLINE_EXCEEDED']);
  });

  it('takes no part of its url to a server that is for the page alone', () => {
    connect({ url: '/heartwire?as=ann#here' });
    expect(page.socket.url).toBe('wss://chat.example/heartwire?as=ann');
  });

  it('fails calls that waited too long, and sends them no more', () => {
    const client = connect();
    const outcome = ask(client, 'early', 1, { timeoutMs: 500 });
    jest.advanceTimersByTime(600);
    expect(outcome).toEqual(['DEADLINE_EXCEEDED']);
    page.socket.greet();
    settle();
    expect(page.socket.heardOf(undefined)).toEqual([]);
  });

  it('holds no more calls than it may', () => {
    const client = connect({ limits: { waitingCalls: 1 } });
    ask(client, 'first');
    expect(ask(client, 'second')).toEqual(['QUEUE_FULL']);
  });

  it('cancels a call that nobody wants any more', () => {
    const client = connect();
    page.socket.greet();
    const subscription = client.send('slow', 1).subscribe();
    settle();
    subscription.unsubscribe();
    settle();
    expect(page.socket.heardOf('cancel')).toMatchObject([{ id: 1 }]);
  });

  it('gives a call up when its signal fires', () => {
    const client = connect();
    page.socket.greet();
    const controller = new AbortController();
    const outcome = ask(client, 'slow', 1, { signal: controller.signal });
    controller.abort();
    settle();
    expect(outcome).toEqual(['CANCELLED']);
    expect(page.socket.heardOf('cancel')).toMatchObject([{ id: 1 }]);
  });

  it('sends a stream with a call, bytes as bytes', () => {
    const client = connect();
    page.socket.greet();
    const items = new Subject<unknown>();
    ask(client, 'upload', 'a file', { stream: items });
    items.next({ part: 1 });
    settle();
    items.next(new Uint8Array([1, 2, 3]));
    settle();
    items.complete();
    settle();
    expect(page.socket.heardOf(undefined)).toMatchObject([
      { id: 1, stream: true },
      { id: 1, chunk: { part: 1 } },
      { id: 1, end: true },
    ]);
    const envelope = page.socket.sent.find((data) => data instanceof Uint8Array);
    expect(envelope?.slice(-3)).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('goes on sending as soon as the server says something, however late a page’s timers are', () => {
    const client = connect();
    page.socket.greet().bufferedAmount = 1_048_576;
    ask(client, 'large');
    ask(client, 'next');
    const patterns = (): unknown[] => page.socket.heardOf(undefined).map(({ pattern }) => pattern);
    page.socket.say({ type: 'ack', received: 0 });
    expect(patterns()).toEqual(['large']);
    page.socket.bufferedAmount = 0;
    page.socket.say({ type: 'ack', received: 1 });
    expect(patterns()).toEqual(['large', 'next']);
  });

  it('looks again and again whether there is room, and no more once the connection is gone', () => {
    const client = connect();
    page.socket.greet().bufferedAmount = 1_048_576;
    ask(client, 'large');
    ask(client, 'next');
    const patterns = (): unknown[] => page.socket.heardOf(undefined).map(({ pattern }) => pattern);
    jest.advanceTimersByTime(100);
    expect(patterns()).toEqual(['large']);
    page.socket.bufferedAmount = 0;
    jest.advanceTimersByTime(20);
    expect(patterns()).toEqual(['large', 'next']);
    page.socket.bufferedAmount = 1_048_576;
    ask(client, 'last');
    void client.close();
    // A browser goes on counting what a WebSocket that is closed will never send.
    page.socket.break(1_000);
    settle();
    expect(client.status).toBe('closed');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes a message as large as it said, and an empty one for a sign of life', () => {
    const client = connect({ limits: { maxFrameBytes: 1_024 } });
    page.socket.greet();
    const outcome = ask(client, 'long');
    const frame = (response: string): string => JSON.stringify({ id: 1, response, isDisposed: true });
    const text = 'x'.repeat(1_024 - frame('').length);
    page.socket.deliver('');
    page.socket.deliver(frame(text));
    expect(outcome).toEqual([text, 'complete']);
    page.socket.deliver(' '.repeat(1_025));
    settle();
    expect(page.socket.heardOf('error')).toMatchObject([{ code: 'FRAME_TOO_LARGE' }]);
  });

  it('releases a stream whose call could not be made', () => {
    const client = connect();
    let isReleased = false;
    const stream = new ReadableStream({ cancel: () => void (isReleased = true) });
    expect(ask(client, 'upload', 1n, { stream })).toEqual(['UNSERIALIZABLE']);
    expect(isReleased).toBe(true);
  });

  it('tells everyone who listens what the server pushes', () => {
    const client = connect();
    const heard: unknown[] = [];
    const said = { topic: 'said', room: 'tea' };
    client.on$(said).subscribe((data) => heard.push(data));
    const second = client.on$({ room: 'tea', topic: 'said' }).subscribe((data) => heard.push(data));
    page.socket.greet().say({ pattern: said, data: 'hello' }, { pattern: 'other', data: 'not this' });
    expect(heard).toEqual(['hello', 'hello']);
    second.unsubscribe();
    page.socket.say({ pattern: said, data: 'again' });
    expect(heard).toEqual(['hello', 'hello', 'again']);
  });

  it.each([
    ['text', 'x'.repeat(4_194_305)],
    ['bytes', new ArrayBuffer(4_194_305)],
  ])('takes no message that is too large: %s', (_, message) => {
    connect();
    page.socket.greet().deliver(message);
    settle();
    expect(page.socket.heardOf('error')).toMatchObject([{ code: 'FRAME_TOO_LARGE' }]);
  });

  it('answers a push that its server wants to be sure of', () => {
    const client = connect();
    client.on$('news').subscribe();
    page.socket
      .greet()
      .say({ id: 7, event: true, pattern: 'news', data: 1 }, { id: 8, pattern: 'news', data: 1 });
    settle();
    expect(page.socket.heardOf(undefined)).toMatchObject([
      { id: 7, isDisposed: true },
      { id: 8, err: { code: 'NO_HANDLER' } },
    ]);
  });

  it('gives the token to a server that asks for it, and to no other', async () => {
    connect({ token: () => Promise.resolve('ann’s') });
    page.socket.open().say({ ...WELCOME, authentication: 'token' });
    await Promise.resolve();
    await Promise.resolve();
    settle();
    expect(page.socket.heardOf('hello')).toMatchObject([{ token: 'ann’s' }]);
  });

  it('tries on, and asks again, where its function has no token yet', async () => {
    const tokens = [undefined, 'ann’s'];
    // What a page's function gives is not checked by anybody else.
    connect({ token: () => tokens.shift() as string });
    page.socket.open().say({ ...WELCOME, authentication: 'token' });
    for (let turns = 0; turns < 9; turns += 1) await Promise.resolve();
    settle();
    expect(page.socket.heardOf('hello')).toEqual([]);
    expect(page.socket.isClosedHere).toBe(true);
    jest.advanceTimersByTime(100);
    expect(page.sockets).toHaveLength(2);
    page.socket.open().say({ ...WELCOME, authentication: 'token' });
    for (let turns = 0; turns < 9; turns += 1) await Promise.resolve();
    settle();
    expect(page.socket.heardOf('hello')).toMatchObject([{ token: 'ann’s' }]);
  });

  it('stays away once its token was refused', () => {
    const client = connect();
    const outcome = ask(client, 'early');
    page.socket.open().say(WELCOME, { type: 'error', code: 'UNAUTHENTICATED', message: 'no' });
    page.socket.break(1_000);
    jest.advanceTimersByTime(60_000);
    expect(client.status).toBe('closed');
    expect(outcome).toEqual(['UNAUTHENTICATED']);
    expect(ask(client, 'late')).toEqual(['UNAUTHENTICATED']);
    expect(page.sockets).toHaveLength(1);
  });

  it('tells each call why it stays away, where its token was refused as it came back', () => {
    const client = connect();
    page.socket.greet();
    const running = ask(client, 'running');
    page.socket.break();
    const waiting = ask(client, 'waiting');
    jest.advanceTimersByTime(100);
    page.socket.open().say(WELCOME, { type: 'error', code: 'UNAUTHENTICATED', message: 'no' });
    page.socket.break(1_000);
    expect(client.status).toBe('closed');
    expect(running).toEqual(['CONNECTION_LOST']);
    expect(waiting).toEqual(['UNAUTHENTICATED']);
    expect(ask(client, 'late')).toEqual(['UNAUTHENTICATED']);
  });

  it('fails what waits at once where its token was refused, while calls still run where it was', () => {
    const client = connect();
    page.socket.greet();
    const running = ask(client, 'running');
    const old = page.socket.say({ type: 'goaway', reason: 'age', graceMs: 10_000 });
    const waiting = ask(client, 'waiting');
    jest.advanceTimersByTime(0);
    page.socket.open().say(WELCOME, { type: 'error', code: 'UNAUTHENTICATED', message: 'no' });
    page.socket.break(1_000);
    expect(waiting).toEqual(['UNAUTHENTICATED']);
    expect(ask(client, 'late')).toEqual(['UNAUTHENTICATED']);
    old.say({ id: 1, response: 'finished', isDisposed: true }).break(1_000);
    expect(running).toEqual(['finished', 'complete']);
    expect(client.status).toBe('closed');
    expect(ask(client, 'later')).toEqual(['UNAUTHENTICATED']);
  });
});

describe('a client in a page that loses its connection', () => {
  it('tries again, ever later, until the server is back', () => {
    const client = connect();
    page.socket.break();
    jest.advanceTimersByTime(100);
    expect(page.sockets).toHaveLength(2);
    page.socket.break();
    // The second wait takes 50 ms at least, and 250 at most.
    jest.advanceTimersByTime(40);
    expect(page.sockets).toHaveLength(2);
    jest.advanceTimersByTime(220);
    expect(page.sockets).toHaveLength(3);
    page.socket.greet();
    expect(client.status).toBe('connected');
  });

  it.each([0, 2])(
    'with maxAttempts of %i fails no more often in a row, and then is closed',
    (maxAttempts) => {
      const client = connect({ reconnect: { maxAttempts } });
      page.socket.greet();
      const outcome = ask(client, 'waiting');
      page.socket.break();
      for (let attempts = 0; attempts < maxAttempts; attempts++) {
        expect(client.status).toBe('reconnecting');
        jest.advanceTimersByTime(300);
        page.socket.break();
      }
      expect(client.status).toBe('closed');
      expect(outcome).toEqual(['CONNECTION_LOST']);
      jest.advanceTimersByTime(60_000);
      expect(page.sockets).toHaveLength(1 + maxAttempts);
    },
  );

  it('gives up where no Heartwire server is, and says so', () => {
    const client = connect({ reconnect: { maxAttempts: 1 } });
    const outcome = ask(client, 'waiting');
    page.socket.open().say({ jsonrpc: '2.0', method: 'hello' });
    page.socket.break();
    expect(outcome).toEqual(['HANDSHAKE_FAILED']);
    expect(client.status).toBe('closed');
  });

  it('shows nothing of its url that may be secret', () => {
    const url = 'wss://ann:hunter2@chat.example/@ann/heartwire?key=sesame';
    const client = connect({ url, reconnect: { maxAttempts: 1 } });
    const fails = jest.fn();
    client.send('waiting', 1).subscribe({ error: fails });
    page.socket.break();
    expect(fails).toHaveBeenCalledWith(
      expect.objectContaining({ message: 'no connection to wss://chat.example/@ann/heartwire' }),
    );
  });

  it.each(['breaks', 'goes away'])('stays closed when who hears that its connection %s closes it', (how) => {
    const client = connect();
    client.status$.subscribe((status) => {
      if (status === 'reconnecting') void client.close();
    });
    page.socket.greet();
    if (how === 'breaks') page.socket.break();
    else page.socket.say({ type: 'goaway', reason: 'shutdown', graceMs: 0 }).break();
    jest.advanceTimersByTime(60_000);
    expect(client.status).toBe('closed');
    expect(page.sockets).toHaveLength(1);
  });

  it('gives an attempt up that takes too long', () => {
    connect({ connectTimeoutMs: 300 });
    jest.advanceTimersByTime(450);
    expect(page.sockets).toHaveLength(2);
    expect(page.sockets[0]?.isClosedHere).toBe(true);
    // What comes of it later is nobody's.
    page.sockets[0]?.greet();
    expect(page.sockets).toHaveLength(2);
  });

  it('goes on with its session: what was sent is not sent again, and the answer still comes', () => {
    const client = connect();
    page.socket.greet();
    const outcome = ask(client, 'slow');
    page.socket.say({ type: 'ack', received: 1 }).break();
    expect(client.status).toBe('reconnecting');
    const later = ask(client, 'later');
    jest.advanceTimersByTime(100);
    page.socket.open();
    settle();
    expect(page.socket.heardOf('hello')).toMatchObject([{ resume: { session: 'c-1', received: 0 } }]);
    page.socket.say(WELCOME, { ...READY, resumed: true, received: 1 });
    settle();
    expect(page.socket.heardOf(undefined)).toMatchObject([{ id: 2, pattern: 'later' }]);
    page.socket.say(
      { id: 1, response: 'done', isDisposed: true },
      { id: 2, response: 'too', isDisposed: true },
    );
    expect([outcome, later]).toEqual([
      ['done', 'complete'],
      ['too', 'complete'],
    ]);
  });

  it('sends again what did not arrive', () => {
    const client = connect();
    page.socket.greet();
    ask(client, 'lost');
    page.socket.break();
    jest.advanceTimersByTime(100);
    page.socket.greet({ resumed: true, received: 0 });
    settle();
    expect(page.socket.heardOf(undefined)).toMatchObject([{ id: 1, pattern: 'lost' }]);
  });

  it('fails what may have run where the session is gone, but repeats what is idempotent', () => {
    const client = connect();
    page.socket.greet();
    const once = ask(client, 'once');
    const often = ask(client, 'often', 1, { idempotent: true });
    page.socket.break();
    jest.advanceTimersByTime(100);
    page.socket.greet({ session: 'c-2' });
    settle();
    expect(once).toEqual(['CONNECTION_LOST']);
    expect(page.socket.heardOf(undefined)).toMatchObject([{ pattern: 'often' }]);
    expect(often).toEqual([]);
  });

  it('repeats what is idempotent also where it moved on from a server that had answered much', () => {
    const client = connect();
    page.socket.greet();
    for (let id = 1; id <= 600; id += 1) {
      ask(client, 'sum');
      page.socket.say({ id, response: 0, isDisposed: true });
    }
    const loseSession = (session: string): void => {
      page.socket.break();
      jest.advanceTimersByTime(500);
      page.socket.greet({ session });
      settle();
    };
    const often = ask(client, 'often', 1, { idempotent: true });
    loseSession('c-2');
    const [repeated] = page.socket.heardOf(undefined) as { id: number }[];
    page.socket.say({ id: repeated?.id, response: 'here', isDisposed: true });
    expect(often).toEqual(['here', 'complete']);
    page.socket.say({ type: 'goaway', reason: 'age', graceMs: 1_000 });
    jest.advanceTimersByTime(500);
    page.socket.greet({ session: 'c-3' });
    ask(client, 'again', 1, { idempotent: true });
    expect(page.socket.heardOf(undefined)).toMatchObject([{ pattern: 'again' }]);
    loseSession('c-4');
    expect(page.socket.heardOf(undefined)).toMatchObject([{ pattern: 'again' }]);
  });

  it('moves on at once when the server goes away, and lets what runs finish', () => {
    const client = connect();
    page.socket.greet();
    const running = ask(client, 'slow');
    const old = page.socket.say({ type: 'goaway', reason: 'shutdown', graceMs: 1_000 });
    jest.advanceTimersByTime(0);
    expect(page.sockets).toHaveLength(2);
    page.socket.greet({ session: 'c-2' });
    const next = ask(client, 'next');
    expect(page.socket.heardOf(undefined)).toMatchObject([{ pattern: 'next' }]);
    old.say({ id: 1, response: 'finished', isDisposed: true });
    expect(running).toEqual(['finished', 'complete']);
    page.socket.say({ id: 1, response: 'new', isDisposed: true });
    expect(next).toEqual(['new', 'complete']);
    expect(client.status).toBe('connected');
  });
});

describe('a client in a page whose server is long in saying something', () => {
  /** How long a link lasts over which nothing more is heard. */
  function lasts(client: BrowserClient): number {
    let ms = 0;
    for (; client.status === 'connected'; ms += 100) jest.advanceTimersByTime(100);
    jest.advanceTimersByTime(100);
    page.socket.greet({ resumed: true });
    return ms;
  }

  it('waits longer over each link on which it heard nothing at all, and not without an end', () => {
    const client = connect();
    page.socket.greet();
    const ms = [lasts(client), lasts(client), lasts(client), lasts(client), lasts(client)];
    // A ping after one second, and then the timeout of two seconds, as many times as it has patience.
    expect(ms.map((each) => Math.round((each - 1_000) / 2_000))).toEqual([1, 2, 4, 8, 8]);
  });

  it('has no more patience than before with one that it has heard', () => {
    const client = connect();
    page.socket.greet();
    expect([lasts(client), lasts(client)]).toEqual([expect.any(Number), expect.any(Number)]);
    jest.advanceTimersByTime(1_200);
    page.socket.say({ type: 'pong', timestamp: 0 });
    expect(lasts(client)).toBeGreaterThan(8_000);
    expect(lasts(client)).toBeLessThan(4_000);
  });
});

describe('a client in a page whose network or visibility changes', () => {
  /** The backoff is long by now. */
  function away(): BrowserClient {
    const client = connect({ reconnect: { firstMaxMs: 60_000, baseMs: 60_000 } });
    page.socket.break();
    expect(page.sockets).toHaveLength(1);
    return client;
  }

  it('tries at once when the network is back', () => {
    away();
    page.tell('online');
    expect(page.sockets).toHaveLength(2);
  });

  it('tries at once when the page is seen again', () => {
    away();
    page.becomes('hidden');
    expect(page.sockets).toHaveLength(1);
    page.becomes('visible');
    expect(page.sockets).toHaveLength(2);
  });

  it('begins a new attempt for one that began without a network', () => {
    connect();
    page.tell('online');
    expect(page.sockets).toHaveLength(2);
    expect(page.sockets[0]?.isClosedHere).toBe(true);
  });

  it('begins anew where the network went while it shook hands, and that counts as no failure', () => {
    const client = connect({ reconnect: { firstMaxMs: 60_000, baseMs: 60_000, maxAttempts: 1 } });
    page.socket.greet();
    page.socket.break();
    page.tell('online');
    for (const sockets of [3, 4]) {
      page.socket.open().say(WELCOME);
      page.tell('offline');
      settle();
      expect(page.socket.isClosedHere).toBe(false);
      page.tell('online');
      settle();
      expect(page.sockets[sockets - 2]?.isClosedHere).toBe(true);
      expect(page.sockets).toHaveLength(sockets);
    }
    page.socket.greet({ resumed: true });
    settle();
    expect(client.status).toBe('connected');
    expect(page.socket.heardOf('hello')).toMatchObject([{ resume: {} }]);
    expect(page.sockets).toHaveLength(4);
  });

  it('goes on connecting when it has only just loaded', () => {
    connect();
    page.dispatchEvent(new Event('pageshow'));
    expect(page.sockets).toHaveLength(1);
    expect(page.socket.isClosedHere).toBe(false);
  });

  it('does not try just because the network has gone', () => {
    away();
    page.tell('offline');
    expect(page.sockets).toHaveLength(1);
  });

  it('asks the server at once whether it is there, and keeps a connection that answers', () => {
    const client = connect();
    page.socket.greet();
    page.becomes('visible');
    settle();
    const [ping] = page.socket.heardOf('ping');
    page.socket.say({ type: 'pong', timestamp: ping?.['timestamp'] });
    jest.advanceTimersByTime(900);
    expect(client.status).toBe('connected');
    expect(page.sockets).toHaveLength(1);
  });

  it('gives a connection up that does not answer soon, long before its heart would', () => {
    const client = connect();
    page.socket.greet();
    page.tell('offline');
    jest.advanceTimersByTime(500);
    expect(page.socket.isClosedHere).toBe(true);
    jest.advanceTimersByTime(1);
    expect(client.status).toBe('reconnecting');
  });

  it('gives no verdict by a timer that was held back: it asks again', () => {
    const client = connect();
    page.socket.greet();
    page.becomes('visible');
    settle();
    const asked = page.socket.heardOf('ping').length;
    // A page that sleeps: the clock goes on, its timers don't.
    const now = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(now + 60_000);
    jest.advanceTimersByTime(500);
    expect(client.status).toBe('connected');
    expect(page.socket.heardOf('ping').length).toBeGreaterThan(asked);
    clock.mockRestore();
  });

  it('lets go of the page with close(), and never comes back', async () => {
    const client = connect();
    page.socket.greet();
    expect(page.listeners).toBe(3);
    const liveness: unknown[] = [];
    client.liveness$.subscribe({ complete: () => liveness.push('complete') });
    const closed = client.close();
    expect(client.close()).toBe(closed);
    expect(client.status).toBe('draining');
    settle();
    expect(page.socket.heardOf('goaway')).toHaveLength(1);
    page.socket.break(1_000);
    jest.advanceTimersByTime(60_000);
    page.tell('online');
    page.becomes('visible');
    await closed;
    expect(client.status).toBe('closed');
    expect(page.sockets).toHaveLength(1);
    expect(page.listeners).toBe(0);
    expect(liveness).toEqual(['complete']);
    expect(ask(client, 'late')).toEqual(['CLOSED']);
  });

  it('leaves no timer behind that would ask whether the server is there', () => {
    const client = connect();
    page.socket.greet();
    page.becomes('visible');
    page.becomes('visible');
    settle();
    void client.close();
    page.socket.break(1_000);
    settle();
    expect(client.status).toBe('closed');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails the calls that wait when it is closed, while others still run where it was', () => {
    const client = connect();
    page.socket.greet();
    ask(client, 'running');
    page.socket.say({ type: 'goaway', reason: 'age', graceMs: 10_000 });
    const waiting = ask(client, 'waiting');
    void client.close();
    expect(waiting).toEqual(['CLOSED']);
    expect(client.status).not.toBe('closed');
  });

  it('tells who asks late that it is closed', () => {
    const client = away();
    void client.close();
    const heard: unknown[] = [];
    client.status$.subscribe({
      next: (status) => heard.push(status),
      complete: () => heard.push('complete'),
    });
    expect(heard).toEqual(['closed', 'complete']);
  });

  it('closes at once while it is not connected; calls that wait fail', async () => {
    const client = away();
    const outcome = ask(client, 'early');
    await client.close();
    expect(outcome).toEqual(['CLOSED']);
    jest.advanceTimersByTime(120_000);
    expect(page.sockets).toHaveLength(1);
  });
});
