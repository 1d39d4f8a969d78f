import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { RecordedCall } from '../../../../test/support/recorded-call.js';
import { READY, ScriptedPeer, settle, WELCOME } from '../../../../test/support/scripted-peer.js';
import { DiallingEnd, type EndOptions } from '../../../../test/support/session-ends.js';
import { MemoryWire } from '../testing/memory-wire.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});

afterEach(() => {
  jest.clearAllTimers();
  jest.useRealTimers();
});

describe('a handshake at the dialling end', () => {
  function dial(options: EndOptions = {}): { end: DiallingEnd; peer: ScriptedPeer; wire: MemoryWire } {
    const wire = new MemoryWire();
    const end = new DiallingEnd(options);
    end.session.attach(wire.dialling);
    const peer = new ScriptedPeer(wire.accepting);
    settle();
    return { end, peer, wire };
  }

  it('says hello at once, with what it expects', () => {
    const { peer } = dial({ name: 'orders' });
    expect(peer.heard).toEqual([
      {
        type: 'hello',
        protocol: 1,
        name: 'orders',
        heartbeatInterval: 1_000,
        heartbeatTimeout: 2_000,
        maxFrameBytes: 65_536,
        maxInFlight: 100,
      },
    ]);
  });

  it('holds calls back until it is ready', () => {
    const { end, peer } = dial();
    end.session.calls.add(new RecordedCall('greet', 'you').outgoing);
    peer.say(WELCOME);
    expect(peer.heardOf(undefined)).toEqual([]);
    peer.say(READY);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1, pattern: 'greet', data: 'you' }]);
    expect(end.readies).toEqual([false]);
  });

  it('becomes ready without a welcome too', () => {
    const { end, peer } = dial();
    peer.say(READY);
    expect(end.readies).toEqual([false]);
  });

  it('refuses another protocol', () => {
    const { end, peer } = dial();
    peer.say({ ...WELCOME, protocol: 2 });
    expect(peer.heardOf('error')).toMatchObject([
      { message: 'protocol 2 is not spoken here, protocol 1 is' },
    ]);
    expect(end.refusals).toMatchObject([{ code: 'PROTOCOL_ERROR' }]);
  });

  it('gives up when ready does not come, and says that nothing was sent', () => {
    const { end } = dial();
    jest.advanceTimersByTime(500);
    expect(end.linksLost).toMatchObject([{ code: 'HANDSHAKE_FAILED', sent: 'never' }]);
    expect(end.linksLost[0]?.message).toContain('500 ms');
  });

  it('refuses to go on with a session that it never had', () => {
    const { end, peer } = dial();
    peer.say(WELCOME, { ...READY, resumed: true });
    expect(peer.heardOf('error')).toMatchObject([{ message: '"ready" is out of turn' }]);
    expect(end.readies).toEqual([]);
  });

  it('keeps calls to what the other end runs at once, and to the frames that it takes', () => {
    const { end, peer } = dial();
    peer.say({ ...WELCOME, maxInFlight: 2, maxFrameBytes: 1_024 }, READY);
    const tooLong = new RecordedCall('greet', 'x'.repeat(1_024));
    end.session.calls.add(tooLong.outgoing);
    for (let n = 0; n < 5; n += 1) end.session.calls.add(new RecordedCall('greet', n).outgoing);
    settle();
    expect(tooLong.failure).toMatchObject({ code: 'FRAME_TOO_LARGE', sent: 'never' });
    expect(peer.heardOf(undefined).map(({ data }) => data)).toEqual([0, 1]);
  });

  it('keeps its calls to its own frames where the other end takes longer ones', () => {
    const { end, peer } = dial();
    peer.say({ ...WELCOME, maxFrameBytes: 1_048_576 }, READY);
    const [tooLong, good] = [70_000, 60_000].map((size) => new RecordedCall('greet', 'x'.repeat(size)));
    for (const call of [tooLong, good]) if (call !== undefined) end.session.calls.add(call.outgoing);
    settle();
    expect(tooLong?.failure).toMatchObject({
      code: 'FRAME_TOO_LARGE',
      sent: 'never',
      details: { maxFrameBytes: 65_536 },
    });
    expect(peer.heardOf(undefined)).toHaveLength(1);
  });

  it('asks for its session on the next link, sends again what was not received, and nothing before that', () => {
    const { end, peer, wire } = dial();
    peer.say(WELCOME, READY);
    const calls = ['first', 'second'].map((data) => new RecordedCall('greet', data));
    for (const { outgoing } of calls) end.session.calls.add(outgoing);
    settle();
    wire.cut();
    settle();
    calls[0]?.cancel();
    end.session.calls.add(new RecordedCall('greet', 'third').outgoing);
    const next = new MemoryWire();
    const again = new ScriptedPeer(next.accepting);
    end.session.attach(next.dialling);
    settle();
    expect(again.heard).toMatchObject([
      { type: 'hello', resume: { session: 'c-1', secret: 'a secret', received: 0 } },
    ]);
    again.say(WELCOME, { ...READY, resumed: true, received: 1 });
    expect(again.heard.slice(1)).toMatchObject([
      { id: 2, data: 'second' },
      { type: 'cancel', id: 1 },
      { id: 3, data: 'third' },
    ]);
    expect(end.readies).toEqual([false, true]);
  });

  it('settles what was under way when the other end has forgotten its session', () => {
    const { end, peer, wire } = dial();
    peer.say(WELCOME, READY);
    const plain = new RecordedCall('greet', 'plain');
    const idempotent = new RecordedCall('greet', 'idempotent', { isIdempotent: true });
    for (const { outgoing } of [plain, idempotent]) end.session.calls.add(outgoing);
    settle();
    wire.cut();
    settle();
    const waiting = new RecordedCall('greet', 'waiting');
    end.session.calls.add(waiting.outgoing);
    const next = new MemoryWire();
    const again = new ScriptedPeer(next.accepting);
    end.session.attach(next.dialling);
    again.say(WELCOME, { ...READY, session: 'c-2' });
    expect(plain.failure).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    expect(again.heardOf(undefined).map(({ data }) => data)).toEqual(['waiting', 'idempotent']);
    expect(end.sessionsLost).toHaveLength(1);
  });

  it('keeps nothing for a session that it would not resume', () => {
    const { end, peer } = dial({ resumeWindowMs: 0 });
    peer.say(WELCOME, READY);
    end.session.calls.add(new RecordedCall('greet', 'you').outgoing);
    settle();
    expect(peer.heardOf(undefined)).toHaveLength(1);
    expect(end.session.outbox.keptBytes).toBe(0);
  });

  it('says nothing of what it has received until it knows which session it will be', () => {
    const { end, peer, wire } = dial();
    peer.say(WELCOME, READY);
    end.session.calls.add(new RecordedCall('greet', 'first').outgoing);
    settle();
    peer.say({ id: 1, response: 'answer', isDisposed: true });
    wire.cut();
    settle();
    const next = new MemoryWire();
    const again = new ScriptedPeer(next.accepting);
    end.session.attach(next.dialling);
    again.say(WELCOME, { type: 'ping', timestamp: 7 });
    expect(again.heardOf('hello')).toMatchObject([{ resume: { received: 1 } }]);
    expect(again.heardOf('pong')).toEqual([{ type: 'pong', timestamp: 7 }]);
    again.say({ ...READY, session: 'c-2' }, { type: 'ping', timestamp: 8 });
    expect(again.heardOf('pong')[1]).toEqual({ type: 'pong', timestamp: 8, received: 0 });
  });

  it.each([3, -1])(
    'gives up a session whose other end claims to have received %d of 2 messages',
    (received) => {
      const { end, peer, wire } = dial();
      peer.say(WELCOME, READY);
      const calls = [1, 2].map((data) => new RecordedCall('greet', data));
      for (const { outgoing } of calls) end.session.calls.add(outgoing);
      settle();
      wire.cut();
      settle();
      const next = new MemoryWire();
      const again = new ScriptedPeer(next.accepting);
      end.session.attach(next.dialling);
      again.say(WELCOME, { ...READY, resumed: true, received });
      expect(again.heardOf('error')).toHaveLength(1);
      expect(end.refusals).toMatchObject([{ code: 'PROTOCOL_ERROR' }]);
      settle();
      again.link.destroy();
      settle();
      for (const { failure } of calls)
        expect(failure).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    },
  );
});
