import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Subject } from 'rxjs';

import { HELLO, ScriptedPeer, settle } from '../../../../test/support/scripted-peer.js';
import { AcceptingEnd, type EndOptions } from '../../../../test/support/session-ends.js';
import { MemoryWire } from '../testing/memory-wire.js';
import { Admission } from './admission.js';
import type { ServedCall } from './served-call.js';

/** More than the stack has room for, if each were started by the one before. */
const MANY = 20_000;

/** Answers a call with what is put in. */
function streamOf(call: ServedCall | undefined): Subject<unknown> {
  const items = new Subject<unknown>();
  call?.answerWith(items, { explain: (error) => error });
  return items;
}

describe('the calls that a session serves', () => {
  let end: AcceptingEnd;
  /** Those whose handlers were started, in that order. */
  let started: ServedCall[];
  let cancelled: string[];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    started = [];
    cancelled = [];
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  const serve = (options: EndOptions = {}): void => {
    end = new AcceptingEnd({
      dispatch: (call) => {
        started.push(call);
        call.onCancel = () => cancelled.push(`${String(call.pattern)}: ${String(call.signal.reason)}`);
      },
      ...options,
    });
  };

  function connect(): ScriptedPeer {
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say(HELLO);
    return peer;
  }

  const request = (id: number | string, rest: object = {}): Record<string, unknown> => ({
    id,
    pattern: `call ${String(id)}`,
    data: {},
    ...rest,
  });
  const event = (name: string, data: unknown = {}): Record<string, unknown> => ({ pattern: name, data });
  const patterns = (): unknown[] => started.map(({ pattern }) => pattern);

  it('are answered, with values in order, an end or a failure', () => {
    serve();
    const peer = connect();
    peer.say(request(1), request('two'), request(3));
    const stream = streamOf(started[0]);
    stream.next('a');
    stream.next('b');
    settle();
    stream.complete();
    settle();
    started[1]?.answer('only');
    started[2]?.fail(new Error('no'));
    settle();
    expect(peer.heardOf(undefined)).toMatchObject([
      { id: 1, response: 'a' },
      { id: 1, response: 'b' },
      { id: 1, isDisposed: true },
      { id: 'two', response: 'only', isDisposed: true },
      { id: 3, err: { status: 'error' }, isDisposed: true },
    ]);
    expect(end.session.served.isIdle).toBe(true);
  });

  it('end once, whatever else their handler says', () => {
    serve();
    const peer = connect();
    peer.say(request(1));
    const [call] = started;
    call?.answer('a');
    call?.answer('b');
    call?.fail(new Error('no'));
    call?.complete();
    settle();
    expect(peer.heardOf(undefined)).toEqual([{ id: 1, response: 'a', isDisposed: true }]);
  });

  it('break the protocol when two have the same id at once, and not one after the other', () => {
    serve();
    const peer = connect();
    peer.say(request(1));
    started[0]?.complete();
    settle();
    peer.say(request(1));
    expect(started).toHaveLength(2);
    peer.say(request(1));
    expect(started).toHaveLength(2);
    expect(peer.heardOf('error')).toMatchObject([
      { code: 'PROTOCOL_ERROR', message: 'id 1 is in use already' },
    ]);
    expect(end.refusals).toHaveLength(1);
  });

  it('tell 1 and "1" apart', () => {
    serve();
    const peer = connect();
    peer.say(request(1), request('1'));
    expect(started.map(({ id }) => id)).toEqual([1, '1']);
    expect(peer.heardOf('error')).toEqual([]);
  });

  it('are cancelled by their caller, and answer nothing after that', () => {
    serve();
    const peer = connect();
    peer.say(request(1), request(2));
    const { signal } = started[0] as ServedCall;
    peer.say({ type: 'cancel', id: 1 }, { type: 'cancel', id: 99 });
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'CANCELLED' });
    expect(cancelled).toHaveLength(1);
    started[0]?.answer('too late');
    started[1]?.answer('in time');
    settle();
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 2, response: 'in time' }]);
    expect(end.session.served.count).toBe(0);
  });

  it('give a signal that has fired already to a handler that asks for it late', () => {
    serve();
    const peer = connect();
    peer.say(request(1));
    peer.say({ type: 'cancel', id: 1 });
    expect(started[0]?.signal.aborted).toBe(true);
  });

  it('are not started when their time is over as they come', () => {
    serve();
    const peer = connect();
    peer.say(request(1, { timeoutMs: 0 }));
    expect(started).toEqual([]);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1, err: { code: 'DEADLINE_EXCEEDED' } }]);
  });

  it('end when their time is over, and their caller is told', () => {
    serve();
    const peer = connect();
    peer.say(request(1, { timeoutMs: 300 }), request(2));
    expect(started[0]?.timeLeftMs).toBeLessThanOrEqual(300);
    expect(started[1]?.timeLeftMs).toBeUndefined();
    jest.advanceTimersByTime(320);
    expect(started[0]?.signal.aborted).toBe(true);
    expect(started[1]?.signal.aborted).toBe(false);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1, err: { code: 'DEADLINE_EXCEEDED' } }]);
  });

  it('end each at its own time', () => {
    serve();
    const peer = connect();
    peer.say(request(1, { timeoutMs: 300 }), request(2, { timeoutMs: 600 }));
    const aborted = (): unknown[] => started.map(({ signal }) => signal.aborted);
    jest.advanceTimersByTime(320);
    expect(aborted()).toEqual([true, false]);
    jest.advanceTimersByTime(320);
    expect(aborted()).toEqual([true, true]);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1 }, { id: 2, err: { code: 'DEADLINE_EXCEEDED' } }]);
  });

  it('may take their time once a first item was sent', () => {
    serve();
    const peer = connect();
    peer.say(request(1, { timeoutMs: 300 }));
    streamOf(started[0]).next('first');
    settle();
    jest.advanceTimersByTime(900);
    expect(started[0]?.signal.aborted).toBe(false);
    expect(peer.heardOf(undefined)).toHaveLength(1);
  });

  it('are refused beyond the bound of their connection, before a handler started', () => {
    serve({ limits: { runningCallsPerConnection: 2 } });
    const peer = connect();
    peer.say(request(1), request(2), request(3));
    expect(patterns()).toEqual(['call 1', 'call 2']);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 3, err: { code: 'OVERLOADED', retryable: true } }]);
    started[0]?.complete();
    peer.say(request(4));
    expect(patterns()).toEqual(['call 1', 'call 2', 'call 4']);
  });

  it('are refused beyond the bound of their process, over all connections', () => {
    serve({ admission: new Admission(2) });
    const [one, other] = [connect(), connect()];
    one.say(request(1), request(2));
    other.say(request(3));
    expect(other.heardOf(undefined)).toMatchObject([{ id: 3, err: { code: 'OVERLOADED' } }]);
    one.say({ type: 'cancel', id: 1 });
    other.say(request(4));
    expect(patterns()).toEqual(['call 1', 'call 2', 'call 4']);
  });

  it('are refused as DRAINING once this end goes away, while those that run finish', () => {
    serve();
    const peer = connect();
    peer.say(request(1));
    end.session.drain('by the test', 1_000);
    peer.say(request(2));
    expect(patterns()).toEqual(['call 1']);
    expect(peer.heardOf('goaway')).toEqual([{ type: 'goaway', reason: 'by the test', graceMs: 1_000 }]);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 2, err: { code: 'DRAINING', retryable: true } }]);
    started[0]?.answer('done');
    settle();
    expect(peer.heardOf(undefined).at(-1)).toEqual({ id: 1, response: 'done', isDisposed: true });
    // What was said before the goaway was heard may still be on its way.
    expect(peer.hasEnded).toBe(false);
    peer.say({ type: 'pong', timestamp: peer.heardOf('ping').at(-1)?.['timestamp'] });
    expect(peer.hasEnded).toBe(true);
  });

  it('are still let in with a stream that has crossed the goaway: it can not be sent again elsewhere', () => {
    serve();
    const peer = connect();
    end.session.drain('by the test', 1_000);
    peer.say(request(1, { stream: true }));
    expect(patterns()).toEqual(['call 1']);
    peer.say({ type: 'pong', timestamp: peer.heardOf('ping').at(-1)?.['timestamp'] });
    expect(peer.hasEnded).toBe(false);
    started[0]?.answer('done');
    settle();
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1, response: 'done' }]);
    peer.say({ type: 'pong', timestamp: peer.heardOf('ping').at(-1)?.['timestamp'] });
    expect(peer.hasEnded).toBe(true);
  });

  it('are cut off when the grace is over, and their callers are told', () => {
    serve();
    const peer = connect();
    peer.say(request(1));
    end.session.drain('by the test', 500);
    jest.advanceTimersByTime(520);
    expect(cancelled).toHaveLength(1);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1, err: { code: 'CONNECTION_LOST' } }]);
  });

  it('run on while their link is away, and are cancelled when their session is gone', () => {
    serve();
    const peer = connect();
    peer.say(request(1));
    peer.link.destroy();
    jest.advanceTimersByTime(4_900);
    expect(cancelled).toEqual([]);
    jest.advanceTimersByTime(200);
    expect(cancelled).toHaveLength(1);
  });

  it('are cancelled at once, events too, when a peer without a session is gone', () => {
    serve();
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say(request(1), event('a'));
    wire.cut();
    settle();
    expect(cancelled).toHaveLength(2);
  });

  it('hand nothing to a link that is gone', () => {
    serve();
    const peer = connect();
    peer.say(request(1));
    const link = end.session.attachment?.link;
    if (link === undefined) throw new Error('there is no link');
    peer.link.destroy();
    settle();
    const send = jest.spyOn(link, 'send');
    started[0]?.answer('kept');
    settle();
    expect(send).not.toHaveBeenCalled();
  });

  it('are cut off in time also when a hello crosses the goaway', () => {
    serve();
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say(request(1));
    end.session.drain('by the test', 500);
    peer.say(HELLO);
    expect(peer.heardOf('ready')).toHaveLength(1);
    expect(end.session.state).toBe('draining');
    jest.advanceTimersByTime(520);
    expect(cancelled).toHaveLength(1);
    expect(peer.heardOf(undefined)).toMatchObject([{ id: 1, err: { code: 'CONNECTION_LOST' } }]);
  });

  it('wait as events beyond the bound, in order, and take no place of a call', () => {
    serve({ limits: { runningCallsPerConnection: 2 } });
    const peer = connect();
    peer.say(event('a'), event('b'), event('c'), event('d'), request(1));
    expect(patterns()).toEqual(['a', 'b', 'call 1']);
    started[1]?.complete();
    expect(patterns()).toEqual(['a', 'b', 'call 1', 'c']);
    started[0]?.complete();
    expect(patterns()).toEqual(['a', 'b', 'call 1', 'c', 'd']);
    expect(peer.heardOf(undefined)).toEqual([]);
  });

  it('wait as events in any number, also when each is over at once', () => {
    const done: unknown[] = [];
    serve({
      limits: { runningCallsPerConnection: 1, waitingEvents: MANY },
      dispatch: (call) => {
        if (call.pattern === 'slow') {
          started.push(call);
          return;
        }
        done.push(call.takeData());
        call.complete();
      },
    });
    const peer = connect();
    const numbers = Array.from({ length: MANY }, (_, n) => n);
    peer.say(event('slow'), ...numbers.map((n) => event('e', n)));
    expect(done).toEqual([]);
    started[0]?.complete();
    expect(done).toEqual(numbers);
  });

  it('wait as events for their process, and go on when another connection has made room', () => {
    serve({ admission: new Admission(1) });
    const [one, other] = [connect(), connect()];
    one.say(request(1));
    other.say(event('a'), event('b'));
    expect(patterns()).toEqual(['call 1']);
    started[0]?.complete();
    expect(patterns()).toEqual(['call 1', 'a']);
    started[1]?.complete();
    expect(patterns()).toEqual(['call 1', 'a', 'b']);
  });

  it('are forgotten by their process when they wait as events and their session is gone', () => {
    const admission = new Admission(1);
    const [whenRoom, forget] = [jest.spyOn(admission, 'whenRoom'), jest.spyOn(admission, 'forget')];
    serve({ admission });
    const [one, other] = [connect(), connect()];
    one.say(request(1));
    other.say(event('a'));
    expect(whenRoom).toHaveBeenCalledTimes(1);
    other.link.destroy();
    jest.advanceTimersByTime(5_100);
    expect(forget.mock.calls).toContainEqual(whenRoom.mock.calls[0]);
  });

  it.each([
    ['number', { waitingEvents: 2 }, [event('b'), event('c'), event('d')]],
    ['bytes', { waitingEventBytes: 1_000 }, [event('b', 'x'.repeat(600)), event('c', 'x'.repeat(600))]],
  ])('end the connection when events pile up beyond their bound by %s', (_, bound, more) => {
    serve({ limits: { runningCallsPerConnection: 1, ...bound } });
    const peer = connect();
    peer.say(event('a'), ...more);
    expect(peer.heardOf('error')).toMatchObject([{ code: 'OVERLOADED' }]);
    expect(peer.hasEnded).toBe(true);
    expect(cancelled).toHaveLength(1);
  });

  it('are acknowledged as events once every handler has finished', () => {
    serve();
    const peer = connect();
    peer.say({ ...event('a'), id: 1, event: true }, { ...event('b'), id: 2, event: true });
    expect(peer.heardOf(undefined)).toEqual([]);
    started[0]?.complete();
    started[1]?.fail(new Error('no'));
    settle();
    expect(peer.heardOf(undefined)).toMatchObject([
      { id: 1, isDisposed: true },
      { id: 2, err: { status: 'error' }, isDisposed: true },
    ]);
  });

  it('take no item of a stream that is longer than a frame may be, in however many pieces', () => {
    serve();
    const peer = connect();
    peer.say(request(1, { stream: true }));
    const piece = { header: '{"id":1,"chunk":null,"more":true}', bytes: Buffer.alloc(40_000) };
    peer.link.send([piece]);
    settle();
    expect(peer.heardOf('error')).toEqual([]);
    peer.link.send([piece]);
    settle();
    expect(peer.heardOf('error')).toMatchObject([{ code: 'FRAME_TOO_LARGE' }]);
  });

  it('fail when their answer is longer than their caller takes', () => {
    serve();
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say({ ...HELLO, maxFrameBytes: 1_024 }, request(1), request(2));
    started[0]?.answer('x'.repeat(2_000));
    const stream = streamOf(started[1]);
    stream.next('x'.repeat(2_000));
    settle();
    expect(peer.heardOf(undefined)).toMatchObject([
      { id: 1, err: { code: 'FRAME_TOO_LARGE' }, isDisposed: true },
      { id: 2, err: { code: 'FRAME_TOO_LARGE' }, isDisposed: true },
    ]);
    expect(stream.observed).toBe(false);
  });

  it('fail when their answer is longer than this end takes itself, whatever their caller takes', () => {
    serve({ limits: { maxFrameBytes: 4_096, sendBufferBytes: 16_384 } });
    const wire = new MemoryWire();
    end.accept(wire.accepting);
    const peer = new ScriptedPeer(wire.dialling);
    peer.say({ ...HELLO, maxFrameBytes: 1_048_576 }, request(1), request(2));
    started[0]?.answer('x'.repeat(20_000));
    started[1]?.answer('x'.repeat(2_000));
    settle();
    expect(peer.heardOf(undefined)).toMatchObject([
      { id: 1, err: { code: 'FRAME_TOO_LARGE' }, isDisposed: true },
      { id: 2, response: 'x'.repeat(2_000), isDisposed: true },
    ]);
    expect(end.sessionsLost).toEqual([]);
  });

  it('drop a peer that does not read its answers: SLOW_CONSUMER', () => {
    serve({ limits: { sendBufferBytes: 10_000, deliveryLogBytes: 4_000 } });
    const peer = connect();
    peer.say(...Array.from({ length: 18 }, (_, id) => request(id)));
    // It acknowledges nothing, so what is beyond the window piles up here.
    for (const call of started.slice(0, 13)) {
      call.answer('x'.repeat(1_000));
      settle();
    }
    expect(cancelled).toEqual([]);
    for (const call of started.slice(13, 16)) call.answer('x'.repeat(1_000));
    settle();
    // Those that had no answer yet.
    expect(cancelled).toHaveLength(4);
    expect(cancelled[0]).toContain('bytes wait for the other end to read them');
    expect(end.sessionsLost).toMatchObject([{ code: 'SLOW_CONSUMER' }]);
    expect(peer.hasEnded).toBe(true);
  });
});
