import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { RecordedCall } from '../../../../test/support/recorded-call.js';
import { HELLO, READY, ScriptedPeer, settle, WELCOME } from '../../../../test/support/scripted-peer.js';
import { AcceptingEnd, DiallingEnd } from '../../../../test/support/session-ends.js';
import { MemoryWire } from '../testing/memory-wire.js';
import { connectionClosed } from './reasons.js';
import type { Session } from './session.js';

type State = Session['state'];

const GONE = connectionClosed('by the test');
const HANDSHAKE_MS = 500;
const WINDOW_MS = 5_000;

/** A session, its link, and the other end as the test plays it. */
interface Stage {
  readonly session: Session;
  readonly wire: MemoryWire;
  readonly peer: ScriptedPeer;
}

/** Brings a session of the dialling end to a state. */
const dialling: Record<State, () => Stage> = {
  detached: () => {
    const wire = new MemoryWire();
    return { session: new DiallingEnd().session, wire, peer: new ScriptedPeer(wire.accepting) };
  },
  greeting: () => {
    const stage = dialling.detached();
    stage.session.attach(stage.wire.dialling);
    settle();
    return stage;
  },
  ready: () => {
    const stage = dialling.greeting();
    stage.peer.say(WELCOME, READY);
    return stage;
  },
  suspended: () => {
    const stage = dialling.ready();
    stage.wire.cut();
    settle();
    return stage;
  },
  draining: () => {
    const stage = dialling.ready();
    stage.session.calls.add(new RecordedCall('runs on', {}).outgoing);
    settle();
    stage.session.drain('by the test', 1_000);
    settle();
    return stage;
  },
  ending: () => {
    const stage = dialling.ready();
    stage.session.drain('by the test', 1_000);
    return stage;
  },
  ended: () => {
    const stage = dialling.ready();
    stage.session.destroy(GONE);
    settle();
    return stage;
  },
};

/** And of the accepting end, where nobody keeps a session that has no link and can't have another. */
const accepting: Record<Exclude<State, 'detached' | 'greeting'>, () => Stage> = {
  ready: () => {
    const wire = new MemoryWire();
    const session = new AcceptingEnd({ dispatch: () => undefined }).accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say(HELLO);
    return { session, wire, peer };
  },
  suspended: () => {
    const stage = accepting.ready();
    stage.wire.cut();
    settle();
    return stage;
  },
  draining: () => {
    const stage = accepting.ready();
    stage.peer.say({ id: 1, pattern: 'runs on', data: {} });
    stage.session.drain('by the test', 1_000);
    settle();
    return stage;
  },
  ending: () => {
    const stage = accepting.ready();
    stage.session.drain('by the test', 1_000);
    return stage;
  },
  ended: () => {
    const stage = accepting.ready();
    stage.session.destroy(GONE);
    settle();
    return stage;
  },
};

const goaway = { type: 'goaway', reason: 'by the test', graceMs: 1_000 };

/** What can happen to a session. */
const events = {
  'its link closes': ({ wire }: Stage): void => {
    wire.cut();
    settle();
  },
  'its link goes silent': ({ wire }: Stage): void => {
    wire.swallow('dialling');
    wire.swallow('accepting');
    jest.advanceTimersByTime(3_400);
  },
  'the other end finishes': ({ peer }: Stage): void => {
    peer.link.end();
    settle();
  },
  'the other end goes away': ({ peer }: Stage): void => peer.say(goaway),
  'the other end breaks a rule': ({ peer }: Stage): void => peer.sayRaw('no JSON'),
  'a welcome comes': ({ peer }: Stage): void => peer.say(WELCOME),
  'a hello comes': ({ peer }: Stage): void => peer.say(HELLO),
  'a ready comes': ({ peer }: Stage): void => peer.say(READY),
  'it is drained': ({ session }: Stage): void => session.drain('by the test', 1_000),
  'it is destroyed': ({ session }: Stage): void => session.destroy(GONE),
  'much time passes': (): void => jest.advanceTimersByTime(WINDOW_MS + 1_000),
} as const;

type Event = keyof typeof events;

/** What doesn't stand here leaves the state as it is. */
const afterDialling: Record<State, Partial<Record<Event, State>>> = {
  detached: { 'it is drained': 'ended', 'it is destroyed': 'ended' },
  greeting: {
    'its link closes': 'detached',
    'its link goes silent': 'detached',
    'the other end finishes': 'detached',
    'the other end breaks a rule': 'ending',
    'a hello comes': 'ending',
    'a ready comes': 'ready',
    'it is drained': 'ended',
    'it is destroyed': 'ended',
    'much time passes': 'detached',
  },
  ready: {
    'its link closes': 'suspended',
    'its link goes silent': 'suspended',
    'the other end finishes': 'suspended',
    'the other end goes away': 'draining',
    'the other end breaks a rule': 'ending',
    'a welcome comes': 'ending',
    'a hello comes': 'ending',
    'a ready comes': 'ending',
    'it is drained': 'ending',
    'it is destroyed': 'ended',
    // The other end, as the test plays it, answers no ping: so its link is given up.
    'much time passes': 'suspended',
  },
  suspended: {
    'it is drained': 'ended',
    'it is destroyed': 'ended',
    'much time passes': 'detached',
  },
  draining: {
    'its link closes': 'detached',
    'its link goes silent': 'detached',
    'the other end finishes': 'detached',
    'the other end breaks a rule': 'ending',
    'a welcome comes': 'ending',
    'a hello comes': 'ending',
    'a ready comes': 'ending',
    'it is destroyed': 'ended',
    'much time passes': 'detached',
  },
  ending: {
    'its link closes': 'detached',
    'its link goes silent': 'detached',
    'the other end finishes': 'detached',
    'it is destroyed': 'ended',
    'much time passes': 'detached',
  },
  ended: {},
};

const afterAccepting: Record<keyof typeof accepting, Partial<Record<Event, State>>> = {
  ready: {
    'its link closes': 'suspended',
    'its link goes silent': 'suspended',
    'the other end finishes': 'suspended',
    'the other end goes away': 'draining',
    'the other end breaks a rule': 'ending',
    'a welcome comes': 'ending',
    'a hello comes': 'ending',
    'a ready comes': 'ending',
    'it is drained': 'ending',
    'it is destroyed': 'ended',
    'much time passes': 'suspended',
  },
  suspended: { 'it is drained': 'ended', 'it is destroyed': 'ended', 'much time passes': 'ended' },
  draining: {
    'its link closes': 'ended',
    'its link goes silent': 'ended',
    'the other end finishes': 'ended',
    'the other end breaks a rule': 'ending',
    'a welcome comes': 'ending',
    'a hello comes': 'ending',
    'a ready comes': 'ending',
    'it is destroyed': 'ended',
    'much time passes': 'ended',
  },
  ending: {
    'its link closes': 'ended',
    'its link goes silent': 'ended',
    'the other end finishes': 'ended',
    'it is destroyed': 'ended',
    'much time passes': 'ended',
  },
  ended: {},
};

function rowsOf<Name extends State>(
  after: Record<Name, Partial<Record<Event, State>>>,
): [Name, Event, State][] {
  const states = Object.keys(after) as Name[];
  return states.flatMap((state) =>
    (Object.keys(events) as Event[]).map((event): [Name, Event, State] => [
      state,
      event,
      after[state][event] ?? state,
    ]),
  );
}

describe('the life of a session', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  it.each(rowsOf(afterDialling))('at the dialling end, %s: when %s it is %s', (state, event, next) => {
    const stage = dialling[state]();
    expect(stage.session.state).toBe(state);
    events[event](stage);
    expect(stage.session.state).toBe(next);
  });

  it.each(rowsOf(afterAccepting))('at the accepting end, %s: when %s it is %s', (state, event, next) => {
    const stage = accepting[state]();
    expect(stage.session.state).toBe(state);
    events[event](stage);
    expect(stage.session.state).toBe(next);
  });

  it.each(['detached', 'suspended'] as const)('takes a link while it is %s', (state) => {
    const { session } = dialling[state]();
    session.attach(new MemoryWire().dialling);
    expect(session.state).toBe('greeting');
  });

  it.each(['greeting', 'ready', 'draining', 'ending', 'ended'] as const)(
    'takes no link while it is %s, and stays so',
    (state) => {
      const { session } = dialling[state]();
      expect(() => {
        session.attach(new MemoryWire().dialling);
      }).toThrow(`a session takes no link while it is ${state}`);
      expect(session.state).toBe(state);
    },
  );

  it.each(Object.keys(dialling) as State[])('leaves no timer when it is destroyed while %s', (state) => {
    const { session, wire } = dialling[state]();
    session.destroy(GONE);
    wire.cut();
    settle();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is deaf to a link that it has no more', () => {
    const stage = dialling.suspended();
    const old = stage.wire;
    const wire = new MemoryWire();
    const peer = new ScriptedPeer(wire.accepting);
    stage.session.attach(wire.dialling);
    peer.say(WELCOME, { ...READY, resumed: true });
    stage.peer.say({ type: 'error', code: 'PROTOCOL_ERROR', message: 'from the old link' });
    old.dialling.destroy();
    settle();
    expect(stage.session.state).toBe('ready');
    expect(stage.session.attachment?.lastWord).toBeUndefined();
  });

  it('waits for ready as long as the handshake may take', () => {
    const { session, peer } = dialling.greeting();
    jest.advanceTimersByTime(HANDSHAKE_MS - 30);
    expect(session.state).toBe('greeting');
    jest.advanceTimersByTime(30);
    expect(session.state).toBe('detached');
    settle();
    expect(peer.hasEnded).toBe(true);
  });

  it('waits for a new link as long as the window says, also when handshakes fail meanwhile', () => {
    const { session } = dialling.suspended();
    jest.advanceTimersByTime(WINDOW_MS - 1_000);
    session.attach(new MemoryWire().dialling);
    jest.advanceTimersByTime(HANDSHAKE_MS);
    expect(session.state).toBe('suspended');
    jest.advanceTimersByTime(500);
    expect(session.state).toBe('detached');
  });
});
