import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NEVER, of } from 'rxjs';

import { RecordedCall } from '../../../../test/support/recorded-call.js';
import {
  HELLO,
  READY,
  ScriptedPeer,
  settle,
  WELCOME,
  type WireMessage,
} from '../../../../test/support/scripted-peer.js';
import {
  accepting,
  dialling,
  GOAWAY,
  GONE,
  type SessionStage,
  type State,
} from '../../../../test/support/session-stages.js';
import { AcceptingEnd, DiallingEnd } from '../../../../test/support/session-ends.js';
import { passUntil } from '../../../../test/support/session-world.js';
import type { Link, LinkReceiver } from '../link/link.js';
import { MemoryWire } from '../testing/memory-wire.js';
import type { Codec } from './codec.js';
import { Decoding } from './decoding.js';
import type { ServedCall } from './served-call.js';
import type { Session } from './session.js';

const HANDSHAKE_MS = 500;
const WINDOW_MS = 5_000;
const LINGER_MS = 1_000;

/** What can happen to a session. */
const events = {
  'its link closes': ({ wire }: SessionStage): void => {
    wire.cut();
    settle();
  },
  'its link goes silent': ({ wire }: SessionStage): void => {
    wire.swallow('dialling');
    wire.swallow('accepting');
    jest.advanceTimersByTime(3_400);
  },
  'the other end finishes': ({ peer }: SessionStage): void => {
    peer.link.end();
    settle();
  },
  'the other end goes away': ({ peer }: SessionStage): void => peer.say(GOAWAY),
  'the other end breaks a rule': ({ peer }: SessionStage): void => peer.sayRaw('no JSON'),
  'a welcome comes': ({ peer }: SessionStage): void => peer.say(WELCOME),
  'a hello comes': ({ peer }: SessionStage): void => peer.say(HELLO),
  'a ready comes': ({ peer }: SessionStage): void => peer.say(READY),
  'the other end has heard its farewell': ({ peer }: SessionStage): void =>
    peer.say({ type: 'pong', timestamp: -1 }),
  'it is drained': ({ session }: SessionStage): void => session.drain('by the test', 1_000),
  'it is destroyed': ({ session }: SessionStage): void => session.destroy(GONE),
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
    'the other end goes away': 'detached',
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
    'it is drained': 'parting',
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
  parting: {
    'its link closes': 'detached',
    'its link goes silent': 'detached',
    'the other end finishes': 'detached',
    'the other end breaks a rule': 'ending',
    'the other end has heard its farewell': 'ending',
    'a welcome comes': 'ending',
    'a hello comes': 'ending',
    'a ready comes': 'ending',
    'it is destroyed': 'ended',
    'much time passes': 'detached',
  },
  finishing: {
    // Longer than the events may still take.
    'its link goes silent': 'detached',
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
    'it is drained': 'parting',
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
  parting: {
    'its link closes': 'ended',
    'its link goes silent': 'ended',
    'the other end finishes': 'ended',
    'the other end breaks a rule': 'ending',
    'the other end has heard its farewell': 'ending',
    'a welcome comes': 'ending',
    'a hello comes': 'ending',
    'a ready comes': 'ending',
    'it is destroyed': 'ended',
    'much time passes': 'ended',
  },
  finishing: {
    'its link goes silent': 'ended',
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

const LONG = Buffer.alloc(2_000_000, 'It may wait for room. ');
/** To compare it as an object takes seconds. */
const isAsSent = (value: unknown): boolean => value instanceof Uint8Array && LONG.equals(value);

describe('the life of a session', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.restoreAllMocks();
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

  it('does not wait for one that has said error', () => {
    for (const { session, peer, wire } of [dialling.ready(), accepting.ready()]) {
      peer.say({ type: 'error', code: 'PROTOCOL_ERROR', message: 'what this end has said' });
      wire.cut();
      settle();
      expect(['detached', 'ended']).toContain(session.state);
    }
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each(['detached', 'suspended'] as const)('takes a link while it is %s', (state) => {
    const { session } = dialling[state]();
    session.attach(new MemoryWire().dialling);
    expect(session.state).toBe('greeting');
  });

  it.each(['greeting', 'ready', 'draining', 'parting', 'ending', 'finishing', 'ended'] as const)(
    'takes no link while it is %s, and stays so',
    (state) => {
      const { session } = dialling[state]();
      expect(() => {
        session.attach(new MemoryWire().dialling);
      }).toThrow(`no link while ${state}`);
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

  it('does not leave unheard when it was held up itself: what is here meanwhile is still answered', () => {
    const { session, peer } = accepting.ready();
    session.drain('by the test', 10_000);
    settle();
    // A process that is blocked: the clock goes on, and timers come late.
    const { now } = performance;
    jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 500);
    jest.advanceTimersByTime(LINGER_MS);
    expect(session.state).toBe('parting');
    peer.say({ id: 1, pattern: 'said before', data: {} });
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1, err: { code: 'DRAINING' } }]);
    jest.advanceTimersByTime(LINGER_MS);
    expect(session.state).toBe('ending');
  });

  it('leaves behind the end of a stream that waits for room, though its call is over', () => {
    const limits = { maxFrameBytes: 2_097_152, deliveryLogBytes: 4_194_304, sendBufferBytes: 4_194_304 };
    const wire = new MemoryWire({ delayMs: () => 20, pieceBytes: () => 20_000 });
    const dispatch = (served: ServedCall): void => {
      const onEnd = (): void => server.drain('by the test', 60_000);
      served.answerWith(of(LONG), { explain: (error) => error, onEnd });
    };
    const { session } = new DiallingEnd({ limits });
    const server = new AcceptingEnd({ limits, dispatch }).accept(wire.accepting);
    session.attach(wire.dialling);
    const call = new RecordedCall('download', {});
    session.calls.add(call.outgoing);
    passUntil(() => call.ends.length > 0, 'the call ends');
    expect(call.failure).toBeUndefined();
    expect(call.values.map(isAsSent)).toEqual([true]);
    passUntil(() => server.state === 'ended', 'the server has left');
  });

  it.each(['parting', 'draining'] as const)(
    'leaves behind such an end of a call that has crossed its goaway, too: answered while %s',
    (state) => {
      const limits = { maxFrameBytes: 2_097_152, deliveryLogBytes: 4_194_304, sendBufferBytes: 4_194_304 };
      const wire = new MemoryWire({ delayMs: () => 20, pieceBytes: () => 20_000 });
      const served: ServedCall[] = [];
      const { session } = new DiallingEnd({ limits });
      const server = new AcceptingEnd({ limits, dispatch: (call) => served.push(call) }).accept(
        wire.accepting,
      );
      session.attach(wire.dialling);
      passUntil(() => session.state === 'ready', 'the session stands');
      const call = new RecordedCall('download', {}, { stream: NEVER });
      session.calls.add(call.outgoing);
      server.drain('by the test', 60_000);
      while (served.length === 0 || server.state !== state) jest.advanceTimersByTime(1);
      served[0]?.answerWith(of(LONG), { explain: (error) => error });
      passUntil(() => call.ends.length > 0, 'the call ends');
      expect(call.failure).toBeUndefined();
      expect(call.values.map(isAsSent)).toEqual([true]);
      passUntil(() => server.state === 'ended', 'the server has left');
    },
  );

  describe('whose other end does not read', () => {
    /** A link that takes what it is given, and keeps it until the other end reads. */
    class UnreadLink implements Link {
      readonly carrier = this;
      readonly remote = 'memory://unread';
      readonly bytesReceived = 0;
      readonly bytesSent = 0;
      bufferedBytes = 1_000_000;
      isDestroyed = false;
      private receiver: LinkReceiver | undefined;

      get heardAt(): number {
        return performance.now();
      }

      open(receiver: LinkReceiver): void {
        this.receiver = receiver;
      }

      send(): boolean {
        return true;
      }

      end(): void {
        // Nobody reads it.
      }

      destroy(): void {
        this.isDestroyed = true;
      }

      hear(message: WireMessage): void {
        this.receiver?.text(JSON.stringify(message), 100);
      }

      finish(): void {
        this.receiver?.peerEnded();
      }
    }

    const GRACE_MS = 5_000;
    let link: UnreadLink;

    const accept = (): Session => {
      const dispatch = (call: ServedCall): void => call.answer('done');
      link = new UnreadLink();
      return new AcceptingEnd({ dispatch, drainTimeoutMs: GRACE_MS }).accept(link);
    };

    it('sends a simple peer that has finished what it is owed, however slowly it reads, while there is grace', () => {
      accept();
      link.hear({ id: 1, pattern: 'work' });
      link.finish();
      jest.advanceTimersByTime(3 * LINGER_MS);
      expect(link.isDestroyed).toBe(false);
      link.bufferedBytes = 0;
      jest.advanceTimersByTime(LINGER_MS);
      expect(link.isDestroyed).toBe(true);
    });

    it('leaves one that never reads it once the grace is over', () => {
      accept();
      link.hear({ id: 1, pattern: 'work' });
      link.finish();
      jest.advanceTimersByTime(GRACE_MS - LINGER_MS);
      expect(link.isDestroyed).toBe(false);
      jest.advanceTimersByTime(2 * LINGER_MS);
      expect(link.isDestroyed).toBe(true);
    });

    it('leaves one that answers the farewell ever again once the grace is over', () => {
      const session = accept();
      link.hear({ id: 1, pattern: 'work' });
      session.drain('by the test', GRACE_MS);
      for (let passedMs = 0; passedMs < GRACE_MS + 2 * LINGER_MS; passedMs += 200) {
        link.hear({ type: 'pong', timestamp: -1 });
        jest.advanceTimersByTime(200);
      }
      expect(link.isDestroyed).toBe(true);
    });
  });

  it('keeps nothing of what it said once its session is gone', () => {
    const { session, wire } = dialling.ready();
    session.calls.add(new RecordedCall('work', 'much').outgoing);
    settle();
    wire.cut();
    settle();
    expect(session.outbox.keptBytes).toBeGreaterThan(0);
    jest.advanceTimersByTime(WINDOW_MS);
    expect(session.state).toBe('detached');
    expect(session.outbox.keptBytes).toBe(0);
  });

  it.each([
    ['dialling', dialling],
    ['accepting', accepting],
  ] as const)('tells its own calls at once that nobody will answer, while events run on: %s', (_, stages) => {
    const { session, peer, wire } = stages.ready();
    peer.say({ pattern: 'takes its time', data: {} });
    const call = new RecordedCall('work', {});
    session.calls.add(call.outgoing);
    settle();
    peer.say(GOAWAY);
    wire.cut();
    settle();
    expect(session.state).toBe('finishing');
    expect(call.failure).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
  });

  it('hears the answers that a slow deserializer still reads, and then that no other will come', async () => {
    let read = (): void => undefined;
    const decode = (raw: unknown): unknown =>
      new Promise((resolve) => {
        read = (): void => resolve(raw);
      });
    const decoding: Codec['decoding'] = (host, bytes) => new Decoding(decode, host, bytes);
    const { session } = new DiallingEnd({ codec: { decoding } });
    const wire = new MemoryWire();
    const peer = new ScriptedPeer(wire.accepting);
    session.attach(wire.dialling);
    settle();
    peer.say(WELCOME, READY);
    const [answered, unanswered] = [new RecordedCall('work', {}), new RecordedCall('work', {})];
    for (const { outgoing } of [answered, unanswered]) session.calls.add(outgoing);
    settle();
    peer.say({ id: answered.outgoing.id, response: 'here', isDisposed: true }, GOAWAY);
    wire.cut();
    settle();
    expect(session.state).toBe('finishing');
    expect([answered.failure, unanswered.failure]).toEqual([undefined, undefined]);
    read();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(answered.values).toEqual(['here']);
    expect(unanswered.failure).toMatchObject({ code: 'CONNECTION_LOST', sent: 'maybe' });
    expect(session.state).toBe('detached');
  });

  describe('at a server that goes away', () => {
    const EVENT = { pattern: 'takes its time', data: {} };

    it('lets events run on whose client goes meanwhile, no longer than it has said', () => {
      const stage = accepting.ready();
      stage.peer.say(EVENT);
      stage.session.drain('by the test', 1_000);
      jest.advanceTimersByTime(300);
      events['its link closes'](stage);
      expect(stage.session.state).toBe('finishing');
      expect(stage.session.served.count).toBe(1);
      jest.advanceTimersByTime(600);
      expect(stage.session.state).toBe('finishing');
      jest.advanceTimersByTime(100);
      expect(stage.session.state).toBe('ended');
      expect(stage.session.served.count).toBe(0);
    });

    it('stops them when it is destroyed', () => {
      const stage = accepting.ready();
      stage.peer.say(EVENT);
      stage.session.drain('by the test', 1_000);
      stage.session.destroy(GONE);
      expect(stage.session.state).toBe('ended');
      expect(stage.session.served.count).toBe(0);
    });
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
