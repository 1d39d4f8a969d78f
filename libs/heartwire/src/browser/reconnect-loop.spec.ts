import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { FakePage } from '../../../../test/support/fake-page.js';
import { READY, settle, WELCOME, type WireMessage } from '../../../../test/support/scripted-peer.js';
import { virtualRuntime } from '../../../../test/support/session-ends.js';
import { BrowserClient } from './browser-client.js';
import { type ConnectOptions, settingsOf } from './connect-options.js';

let page: FakePage;
const clients: BrowserClient[] = [];

function connect(options: Partial<ConnectOptions> = {}): BrowserClient {
  const client = new BrowserClient(settingsOf({ url: '/heartwire', ...options }, page), virtualRuntime, page);
  clients.push(client);
  return client;
}

/** What became of a call. */
function ask(client: BrowserClient, pattern: string): unknown[] {
  const outcome: unknown[] = [];
  client.send(pattern, 1, { timeoutMs: 60_000 }).subscribe({
    next: (value) => outcome.push(value),
    error: (error: unknown) => outcome.push(error),
    complete: () => outcome.push('complete'),
  });
  settle();
  return outcome;
}

const refusal = (sent?: 'never'): WireMessage => ({
  id: 1,
  err: { code: 'DRAINING', message: 'it goes away', retryable: true, ...(sent && { sent }) },
  isDisposed: true,
});

const goaway = { type: 'goaway', reason: 'shutdown', graceMs: 60_000 };

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
  page = new FakePage();
});

afterEach(() => {
  for (const client of clients.splice(0)) void client.close();
  for (const socket of page.sockets) socket.break();
  jest.advanceTimersByTime(60_000);
  jest.useRealTimers();
});

describe('a client in a page whose server goes away', () => {
  it('sends elsewhere what the server refused as it goes, and what still waited', () => {
    const client = connect();
    const old = page.socket.open().say({ ...WELCOME, maxInFlight: 1 }, READY);
    const refused = ask(client, 'refused');
    const waiting = ask(client, 'waiting');
    expect(old.heardOf(undefined)).toMatchObject([{ pattern: 'refused' }]);
    old.say(refusal('never'));
    settle();
    expect(page.sockets).toHaveLength(2);
    page.socket.greet({ session: 'c-2' });
    settle();
    const patterns = page.socket.heardOf(undefined).map(({ pattern }) => pattern);
    expect(patterns.sort()).toEqual(['refused', 'waiting']);
    expect(old.heardOf(undefined)).toHaveLength(1);
    expect([refused, waiting]).toEqual([[], []]);
  });

  it('is done with the one that refused a call as it goes', () => {
    const client = connect();
    const old = page.socket.greet();
    ask(client, 'refused');
    old.say(refusal('never'));
    settle();
    expect(old.heardOf('goaway')).toHaveLength(1);
    expect(client.status).toBe('reconnecting');
  });

  it('fails a call that the server may have begun', () => {
    const client = connect();
    page.socket.greet();
    const outcome = ask(client, 'begun');
    page.socket.say(refusal());
    expect(outcome).toMatchObject([{ code: 'DRAINING', sent: 'answered' }]);
    expect(page.sockets).toHaveLength(1);
  });

  it('fails what the server refuses as it goes, once it is closed itself', () => {
    const client = connect();
    page.socket.greet();
    const outcome = ask(client, 'refused');
    void client.close();
    page.socket.say(refusal('never'));
    expect(outcome).toMatchObject([{ code: 'DRAINING', sent: 'never' }]);
    expect(page.sockets).toHaveLength(1);
  });

  it('moves on once, however often it is told, and takes a new one that goes at once for a failure', () => {
    const client = connect();
    const statuses: string[] = [];
    client.status$.subscribe((status) => statuses.push(status));
    const old = page.socket.greet();
    ask(client, 'running');
    old.say(goaway, goaway);
    settle();
    expect(page.sockets).toHaveLength(2);
    page.socket.greet({ session: 'c-2' });
    old.say(goaway);
    settle();
    expect(page.sockets).toHaveLength(2);
    expect(statuses).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
    // At once only the first time: a server must not keep it going round and round.
    page.socket.say(goaway);
    jest.advanceTimersByTime(0);
    expect(page.sockets).toHaveLength(2);
    jest.advanceTimersByTime(250);
    expect(page.sockets).toHaveLength(3);
  });

  it('tells of the liveness of the connection that it uses, and of no other', () => {
    const client = connect();
    const old = page.socket.greet();
    ask(client, 'running');
    old.say(goaway);
    settle();
    page.socket.greet({ session: 'c-2' });
    let told = 0;
    client.liveness$.subscribe(() => (told += 1));
    jest.advanceTimersByTime(1_100);
    const before = told;
    expect(old.heardOf('ping')).not.toEqual([]);
    for (const { timestamp } of old.heardOf('ping')) old.say({ type: 'pong', timestamp });
    expect(told).toBe(before);
  });
});

describe('a client in a page whose connection is lost again and again', () => {
  const reconnect = { firstMaxMs: 0, baseMs: 1_000, growthMs: 1, stableAfterMs: 5_000 };

  /** Whether it tries again within this time. */
  function tries(withinMs: number): boolean {
    const { length } = page.sockets;
    page.socket.break();
    jest.advanceTimersByTime(withinMs);
    return page.sockets.length > length;
  }

  it('waits longer where each session is a new one, until one was stable', () => {
    connect({ reconnect });
    page.socket.greet();
    expect(tries(0)).toBe(true);
    page.socket.greet({ session: 'c-2' });
    expect(tries(500)).toBe(false);
    jest.advanceTimersByTime(1_000);
    page.socket.greet({ session: 'c-3' });
    jest.advanceTimersByTime(900);
    for (let beat = 0; beat < 6; beat += 1) {
      page.socket.say({ type: 'ping', timestamp: 0 });
      jest.advanceTimersByTime(900);
    }
    expect(tries(0)).toBe(true);
  });

  it('counts the attempts that fail one after the other', () => {
    const client = connect({ reconnect: { ...reconnect, maxAttempts: 2 } });
    for (const session of ['c-1', 'c-2', 'c-3']) {
      page.socket.break();
      jest.advanceTimersByTime(2_000);
      page.socket.greet({ session });
      expect(client.status).toBe('connected');
      page.socket.break();
      jest.advanceTimersByTime(2_000);
    }
    page.socket.break();
    jest.advanceTimersByTime(2_000);
    expect(client.status).toBe('reconnecting');
    page.socket.break();
    expect(client.status).toBe('closed');
  });

  it('tries again where its token was refused, if it is told to', () => {
    const client = connect({ token: 'once wrong', reconnect: { ...reconnect, afterRefusal: true } });
    page.socket.open().say(WELCOME, { type: 'error', code: 'UNAUTHENTICATED', message: 'no' });
    page.socket.break(1_000);
    jest.advanceTimersByTime(2_000);
    expect(page.sockets).toHaveLength(2);
    expect(client.status).not.toBe('closed');
  });
});
