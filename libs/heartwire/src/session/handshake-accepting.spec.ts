import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import {
  HELLO,
  READY,
  ScriptedPeer,
  settle,
  WELCOME,
  type WireMessage,
} from '../../../../test/support/scripted-peer.js';
import { RecordedCall } from '../../../../test/support/recorded-call.js';
import { AcceptingEnd, type EndOptions } from '../../../../test/support/session-ends.js';
import { ErrorCode } from '../errors/error-code.js';
import { MemoryWire } from '../testing/memory-wire.js';
import { Admission } from './admission.js';
import type { ServedCall } from './served-call.js';

const REQUEST = { id: 1, pattern: 'greet', data: 'you' };

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});

afterEach(() => {
  jest.clearAllTimers();
  jest.useRealTimers();
});

describe('a handshake at the accepting end', () => {
  const greet = (call: ServedCall): void => {
    call.answer('hello');
  };

  function accept(options: EndOptions = {}): { end: AcceptingEnd; connect: () => ScriptedPeer } {
    const end = new AcceptingEnd({ dispatch: greet, ...options });
    const connect = (): ScriptedPeer => {
      const wire = new MemoryWire();
      end.accept(wire.accepting);
      const peer = new ScriptedPeer(wire.dialling);
      settle();
      return peer;
    };
    return { end, connect };
  }

  const readyOf = (peer: ScriptedPeer): WireMessage => {
    const [ready] = peer.heardOf('ready');
    if (ready === undefined) throw new Error('no ready came');
    return ready;
  };

  const resuming = (ready: WireMessage, received = 0): WireMessage => ({
    ...HELLO,
    resume: { session: ready['session'], secret: ready['secret'], received },
  });

  it('says first what it expects', () => {
    const peer = accept().connect();
    expect(peer.heard).toEqual([
      {
        type: 'welcome',
        protocol: 1,
        clientId: 'session-1',
        heartbeatInterval: 1_000,
        heartbeatTimeout: 2_000,
        maxFrameBytes: 65_536,
        maxInFlight: 100,
        authentication: 'none',
      },
    ]);
  });

  it('serves a peer that says no hello, and keeps nothing for it', () => {
    const { end, connect } = accept();
    const peer = connect();
    peer.say(REQUEST);
    expect(peer.heardOf(undefined)).toEqual([{ id: 1, response: 'hello', isDisposed: true }]);
    peer.link.destroy();
    settle();
    expect(end.sessions.size).toBe(0);
  });

  it('answers hello with a session, and requests that come right behind it', () => {
    const peer = accept().connect();
    peer.say(HELLO, REQUEST);
    const [, ready, answer] = peer.heard;
    expect(ready).toMatchObject({ type: 'ready', session: 'session-1', resumed: false, received: 0 });
    expect(ready?.['secret']).toMatch(/^[0-9a-f]{32}$/);
    expect(answer).toEqual({ id: 1, response: 'hello', isDisposed: true });
  });

  it('gives each session a secret of its own', () => {
    const { connect } = accept();
    const secrets = [1, 2, 3].map(() => {
      const peer = connect();
      peer.say(HELLO);
      return readyOf(peer)['secret'];
    });
    expect(new Set(secrets).size).toBe(3);
  });

  it.each([
    [{ heartbeatInterval: 400, heartbeatTimeout: 800 }, 400, 800],
    [{ heartbeatInterval: 60_000, heartbeatTimeout: 90_000 }, 1_000, 2_000],
    [{ heartbeatTimeout: 300 }, 300, 300],
    [{}, 1_000, 2_000],
  ])('agrees on the smaller heartbeat: %j gives %d and %d ms', (heartbeat, interval, timeout) => {
    const peer = accept().connect();
    peer.say({ ...HELLO, ...heartbeat });
    expect(readyOf(peer)).toMatchObject({ heartbeatInterval: interval, heartbeatTimeout: timeout });
  });

  it.each([2, 99])('refuses protocol %d, and closes', (protocol) => {
    const { end, connect } = accept();
    const peer = connect();
    peer.say({ ...HELLO, protocol });
    expect(peer.heardOf('error')).toEqual([
      {
        type: 'error',
        code: 'PROTOCOL_ERROR',
        message: `protocol ${String(protocol)} is not spoken here, protocol 1 is`,
      },
    ]);
    expect(peer.hasEnded).toBe(true);
    expect(end.refusals).toHaveLength(1);
  });

  it('refuses a second hello', () => {
    const peer = accept().connect();
    peer.say(HELLO, HELLO);
    expect(peer.heardOf('error')).toMatchObject([{ message: '"hello" is out of turn' }]);
  });

  it.each(['ready', 'welcome'])('refuses %s, which is its own to say', (type) => {
    const peer = accept().connect();
    peer.say(HELLO, type === 'ready' ? READY : WELCOME);
    expect(peer.heardOf('error')).toMatchObject([{ message: `"${type}" is out of turn` }]);
  });

  it('goes on with a session over a new link, and tells how much it had received', () => {
    const { end, connect } = accept();
    const first = connect();
    first.say(HELLO, REQUEST, { ...REQUEST, id: 2 });
    const ready = readyOf(first);
    first.link.destroy();
    settle();
    const second = connect();
    second.say(resuming(ready, 1));
    expect(readyOf(second)).toMatchObject({ session: 'session-1', resumed: true, received: 2 });
    // The first of the two answers had arrived.
    expect(second.heardOf(undefined)).toEqual([{ id: 2, response: 'hello', isDisposed: true }]);
    expect(end.readies).toEqual([false, true]);
    expect(end.sessions.size).toBe(1);
  });

  it('drops a link that still looks alive when its session goes on over another', () => {
    const { end, connect } = accept();
    const first = connect();
    first.say(HELLO);
    const second = connect();
    second.say(resuming(readyOf(first)));
    expect(readyOf(second)).toMatchObject({ resumed: true });
    expect(first.hasEnded).toBe(true);
    first.say(REQUEST);
    expect(second.heardOf(undefined)).toEqual([]);
    expect(end.session.state).toBe('ready');
  });

  it('gives up what was asked on a link before it asks for a session', () => {
    const admission = new Admission(2);
    const cancelled: string[] = [];
    const dispatch = (call: ServedCall): void => {
      call.onCancel = () => cancelled.push((call.signal.reason as Error).message);
    };
    const { end, connect } = accept({ admission, dispatch });
    const first = connect();
    first.say(HELLO);
    const second = connect();
    const question = new RecordedCall('sure?', 0);
    end.sessions.get('session-2')?.calls.add(question.outgoing);
    second.say(REQUEST, { ...REQUEST, id: 2 });
    expect(admission.isFull).toBe(true);
    second.say(resuming(readyOf(first)));
    expect(readyOf(second)).toMatchObject({ resumed: true });
    expect(cancelled).toEqual(Array(2).fill('the connection was closed: its session goes on'));
    expect(admission.isFull).toBe(false);
    expect(question).toMatchObject({ ends: ['error'], failure: { code: ErrorCode.CONNECTION_LOST } });
    second.say(REQUEST);
    expect(cancelled).toHaveLength(2);
  });

  // A busy tick begins to send before it is over, after whichever of its messages.
  it.each(Array.from({ length: 40 }, (_, count) => count))(
    'says first what the other end lacks, when its session goes on in a tick that had %d things to say',
    (count) => {
      const { end, connect } = accept();
      const first = connect();
      first.say(HELLO, REQUEST);
      const { session, secret } = readyOf(first);
      for (let id = 2; id < count + 2; id++) end.session.sendAnswer(`{"id":${String(id)},"response":"new"}`);
      const wire = new MemoryWire();
      const second = new ScriptedPeer(wire.dialling);
      const resume = { session: String(session), secret: String(secret), received: 0 };
      end.session.resumeOn(wire.accepting, { kind: 'hello', protocol: 1, resume }, []);
      settle();
      expect(second.heard[0]).toMatchObject({ type: 'ready', resumed: true });
      const ids = second.heardOf(undefined).map(({ id }) => id);
      expect(ids).toEqual(Array.from({ length: count + 1 }, (_, index) => index + 1));
    },
  );

  it.each<[string, (ready: WireMessage) => object]>([
    ['a wrong secret', ({ session }) => ({ session, secret: '0'.repeat(32), received: 0 })],
    ['an empty secret', ({ session }) => ({ session, secret: '', received: 0 })],
    [
      'half the secret',
      ({ session, secret }) => ({ session, secret: String(secret).slice(16), received: 0 }),
    ],
    ['an unknown session', ({ secret }) => ({ session: 'session-7', secret, received: 0 })],
    ['more received than was sent', ({ session, secret }) => ({ session, secret, received: 2 })],
  ])('opens a new session for %s, and leaves the old one unharmed', (_, resume) => {
    const { end, connect } = accept();
    const first = connect();
    first.say(HELLO, REQUEST);
    const second = connect();
    second.say({ ...HELLO, resume: resume(readyOf(first)) });
    expect(readyOf(second)).toMatchObject({ session: 'session-2', resumed: false, received: 0 });
    expect(readyOf(second)['secret']).not.toBe(readyOf(first)['secret']);
    expect(end.sessions.get('session-1')?.state).toBe('ready');
    first.say({ ...REQUEST, id: 2 });
    expect(first.heardOf(undefined)).toHaveLength(2);
    expect(second.heardOf(undefined)).toEqual([]);
  });

  it('leaves a session unharmed when a hello for it comes late, which knows less than was acknowledged', () => {
    const { end, connect } = accept();
    const current = connect();
    current.say(HELLO, REQUEST);
    current.say({ type: 'ack', received: 1 });
    const late = connect();
    late.say(resuming(readyOf(current), 0));
    expect(readyOf(late)).toMatchObject({ resumed: false });
    expect(end.sessions.get('session-1')?.state).toBe('ready');
    expect(current.hasEnded).toBe(false);
    expect(end.refusals).toEqual([]);
  });

  it('leaves a session unharmed when another protocol asks for it', () => {
    const { end, connect } = accept();
    const first = connect();
    first.say(HELLO);
    const second = connect();
    second.say({ ...resuming(readyOf(first)), protocol: 2 });
    expect(second.hasEnded).toBe(true);
    expect(end.sessions.get('session-1')?.state).toBe('ready');
  });

  it('keeps no session with a window of 0', () => {
    const { end, connect } = accept({ resumeWindowMs: 0 });
    const first = connect();
    first.say(HELLO, REQUEST);
    expect(first.heardOf(undefined)).toHaveLength(1);
    expect(end.session.outbox.keptBytes).toBe(0);
    first.link.destroy();
    settle();
    expect(end.sessions.size).toBe(0);
  });
});
