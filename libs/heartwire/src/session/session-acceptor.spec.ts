import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { HELLO, ScriptedPeer, settle, type WireMessage } from '../../../../test/support/scripted-peer.js';
import { AcceptingEnd, type EndOptions } from '../../../../test/support/session-ends.js';
import { MemoryWire } from '../testing/memory-wire.js';
import type { ServedCall } from './served-call.js';

const REQUEST = { id: 1, pattern: 'greet', data: 'you' };
const HANDSHAKE_MS = 10_000;
const SECOND = 1_000;
/** What the wire and the promises of a verdict take, in virtual time. */
const ON_THE_WAY_MS = 100;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});

afterEach(() => {
  jest.clearAllTimers();
  jest.useRealTimers();
});

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

/** A verdict that takes its time. */
const after = (ms: number, verdict: 'yes' | 'no'): Promise<void> =>
  new Promise((resolve, reject) => {
    setTimeout(verdict === 'yes' ? resolve : reject, ms);
  });

describe('a refusal', () => {
  function connect(options: EndOptions): ScriptedPeer {
    const end = new AcceptingEnd({
      handshakeTimeoutMs: HANDSHAKE_MS,
      heartbeat: { intervalMs: 60_000, timeoutMs: 60_000 },
      dispatch: (call: ServedCall) => call.answer('hello'),
      ...options,
    });
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    settle();
    return peer;
  }

  /** How long it takes until the refusal comes, in whole tenths of a second. */
  async function refusedAfter(peer: ScriptedPeer): Promise<number> {
    for (let tenths = 0; tenths <= HANDSHAKE_MS / 100; tenths += 1) {
      if (peer.heardOf('error').length > 0) return tenths * 100;
      await pass(100);
    }
    throw new Error('no refusal came');
  }

  it.each<[string, EndOptions['authenticate'], WireMessage]>([
    ['at once', () => Promise.reject(new Error('no')), HELLO],
    ['after a while', () => after(300, 'no'), HELLO],
    ['after most of a second', () => after(900, 'no'), HELLO],
    ['without being asked, for want of a hello', () => Promise.resolve(), REQUEST],
  ])('leaves a second after the first word when it is clear %s', async (_, authenticate, first) => {
    const peer = connect({ authenticate });
    peer.say(first);
    const ms = await refusedAfter(peer);
    expect(ms).toBeGreaterThanOrEqual(SECOND - ON_THE_WAY_MS);
    expect(ms).toBeLessThanOrEqual(SECOND + ON_THE_WAY_MS);
    expect(peer.heardOf('error')).toEqual([
      { type: 'error', code: 'UNAUTHENTICATED', message: 'the credentials were not accepted' },
    ]);
  });

  it('waits for the next whole second when the verdict took longer', async () => {
    const peer = connect({ authenticate: () => after(1_500, 'no') });
    peer.say(HELLO);
    const ms = await refusedAfter(peer);
    expect(ms).toBeGreaterThanOrEqual(2 * SECOND - ON_THE_WAY_MS);
    expect(ms).toBeLessThanOrEqual(2 * SECOND + ON_THE_WAY_MS);
  });

  it('never takes longer than the handshake may', async () => {
    const peer = connect({ authenticate: () => Promise.reject(new Error('no')), handshakeTimeoutMs: 300 });
    peer.say(HELLO);
    expect(await refusedAfter(peer)).toBeLessThanOrEqual(300 + ON_THE_WAY_MS);
  });

  it('is said once, and nothing that comes meanwhile is listened to', async () => {
    const authenticate = jest.fn(() => Promise.reject(new Error('no')));
    const peer = connect({ authenticate });
    peer.say(HELLO);
    await pass(ON_THE_WAY_MS);
    for (let id = 1; id < 100; id += 1) peer.say({ ...REQUEST, id, data: 'x'.repeat(10_000) });
    peer.say({ type: 'status' });
    await pass(2 * SECOND);
    expect(peer.heard.map(({ type }) => type)).toEqual(['welcome', 'error']);
    expect(authenticate).toHaveBeenCalledTimes(1);
  });

  it('of a hello that comes behind a request does not ask who it is', async () => {
    const authenticate = jest.fn(() => Promise.resolve());
    const peer = connect({ authenticate });
    peer.say(REQUEST, HELLO);
    await pass(2 * SECOND);
    expect(peer.heardOf('error')).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
    expect(authenticate).not.toHaveBeenCalled();
  });
});

describe('who is let in', () => {
  it('is so at once, with what waited', async () => {
    const end = new AcceptingEnd({
      authenticate: () => after(100, 'yes'),
      dispatch: (call: ServedCall) => call.answer('hello'),
    });
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say({ ...HELLO, token: 'secret' }, REQUEST, { ...REQUEST, id: 2 });
    expect(end.session.state).toBe('greeting');
    expect(peer.heardOf(undefined)).toEqual([]);
    await pass(200);
    expect(end.session.state).toBe('ready');
    expect(peer.heardOf('ready')).toMatchObject([{ received: 0, resumed: false }]);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1 }, { id: 2 }]);
    expect(end.session.attachment?.hello).not.toHaveProperty('token');
  });

  it('has held back bytes without much of what was read with them', async () => {
    const served: unknown[] = [];
    const end = new AcceptingEnd({
      authenticate: () => after(100, 'yes'),
      dispatch: (call: ServedCall) => {
        served.push(call.takeData());
        call.answer('hello');
      },
    });
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say(HELLO);
    const header = JSON.stringify({ id: 1, pattern: 'greet', metadata: { note: 'x'.repeat(4_000) } });
    peer.link.send([{ header, bytes: Uint8Array.of(7) }]);
    await pass(200);
    const [bytes] = served as Uint8Array[];
    expect([...(bytes ?? [])]).toEqual([7]);
    expect(bytes?.buffer.byteLength).toBe(1);
  });

  it('may not say hello again, neither before nor after', async () => {
    for (const ms of [0, 200]) {
      const end = new AcceptingEnd({ authenticate: () => after(100, 'yes') });
      const wire = new MemoryWire();
      end.accept(wire.accepting);
      const peer = new ScriptedPeer(wire.dialling);
      peer.say(HELLO);
      await pass(ms);
      peer.say(HELLO);
      expect(peer.heardOf('error')).toMatchObject([{ message: '"hello" is out of turn' }]);
    }
  });
});
