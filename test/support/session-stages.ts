import { connectionClosed } from '../../libs/heartwire/src/session/reasons.js';
import type { Session } from '../../libs/heartwire/src/session/session.js';
import { MemoryWire } from '../../libs/heartwire/src/testing/memory-wire.js';
import { RecordedCall } from './recorded-call.js';
import { HELLO, READY, ScriptedPeer, settle, WELCOME, type WireMessage } from './scripted-peer.js';
import { AcceptingEnd, DiallingEnd } from './session-ends.js';

export type State = Session['state'];

export const GONE = connectionClosed('by the test');
export const GOAWAY: WireMessage = { type: 'goaway', reason: 'by the test', graceMs: 1_000 };

/** A session, its link, and the other end as the test plays it. */
export interface SessionStage {
  readonly session: Session;
  readonly wire: MemoryWire;
  readonly peer: ScriptedPeer;
}

/** Nothing runs: it only waits for the other end to have heard so. */
function part(stage: SessionStage): SessionStage {
  stage.session.drain('by the test', 1_000);
  settle();
  return stage;
}

function answerFarewell(stage: SessionStage): SessionStage {
  const [farewell] = stage.peer.heardOf('ping').slice(-1);
  stage.peer.say({ type: 'pong', timestamp: farewell?.['timestamp'] });
  return stage;
}

/** The other end goes away in order, while an event that it told is still handled. */
function leaveAlone(stage: SessionStage): SessionStage {
  stage.peer.say({ pattern: 'takes its time', data: {} }, GOAWAY);
  stage.wire.cut();
  settle();
  return stage;
}

/** Brings a session of the dialling end to a state. */
export const dialling: Record<State, () => SessionStage> = {
  detached: () => {
    const wire = new MemoryWire();
    const { session } = new DiallingEnd({ dispatch: () => undefined });
    return { session, wire, peer: new ScriptedPeer(wire.accepting) };
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
  parting: () => part(dialling.ready()),
  ending: () => answerFarewell(dialling.parting()),
  finishing: () => leaveAlone(dialling.ready()),
  ended: () => {
    const stage = dialling.ready();
    stage.session.destroy(GONE);
    settle();
    return stage;
  },
};

/** And of the accepting end, where nobody keeps a session that has no link and can't have another. */
export const accepting: Record<Exclude<State, 'detached' | 'greeting'>, () => SessionStage> = {
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
  parting: () => part(accepting.ready()),
  ending: () => answerFarewell(accepting.parting()),
  finishing: () => leaveAlone(accepting.ready()),
  ended: () => {
    const stage = accepting.ready();
    stage.session.destroy(GONE);
    settle();
    return stage;
  },
};
