import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { concat, config, of, throwError } from 'rxjs';

import { RecordedCall } from '../../../../test/support/recorded-call.js';
import { READY, ScriptedPeer, settle, WELCOME } from '../../../../test/support/scripted-peer.js';
import { DiallingEnd, type EndOptions } from '../../../../test/support/session-ends.js';
import { MemoryWire } from '../testing/memory-wire.js';
import { connectionClosed } from './reasons.js';

describe('the calls that a session makes', () => {
  let end: DiallingEnd;
  let peer: ScriptedPeer;
  let wire: MemoryWire;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  function prepare(options: EndOptions = {}): void {
    end = new DiallingEnd(options);
    wire = new MemoryWire();
    peer = new ScriptedPeer(wire.accepting);
  }

  function connect(maxInFlight = 100): void {
    end.session.attach(wire.dialling);
    peer.say({ ...WELCOME, maxInFlight }, READY);
  }

  function call(data: unknown, options?: ConstructorParameters<typeof RecordedCall>[2]): RecordedCall {
    const made = new RecordedCall('work', data, options);
    end.session.calls.add(made.outgoing);
    return made;
  }

  const asked = (): unknown[] => peer.heardOf(undefined).map(({ data }) => data);

  /** Lets time pass while the other end stays alive. */
  function pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      jest.advanceTimersByTime(Math.min(100, ms - passed));
      peer.link.send(['{"type":"ack","received":0}']);
    }
  }

  it('end once, whatever else comes for them', () => {
    prepare();
    connect();
    const answered = call('a');
    const failed = call('b');
    settle();
    peer.say(
      { id: 1, response: 'first', isDisposed: true },
      { id: 1, response: 'again', isDisposed: true },
      { id: 1, isDisposed: true },
      { id: 1, err: 'too late', isDisposed: true },
      { id: 2, err: { status: 'error', message: 'no' }, isDisposed: true },
      { id: 2, response: 'too late', isDisposed: true },
      { id: 77, response: 'to nobody', isDisposed: true },
    );
    expect(answered).toMatchObject({ values: ['first'], ends: ['complete'] });
    expect(failed).toMatchObject({ values: [], ends: ['error'], failure: { message: 'no' } });
    expect(end.refusals).toEqual([]);
  });

  it('tell the time that is left when they are sent', () => {
    prepare();
    call('it', { timeoutMs: 3_000 });
    jest.advanceTimersByTime(1_000);
    connect();
    expect(peer.heardOf(undefined)[0]?.['timeoutMs']).toBeLessThanOrEqual(2_000);
    expect(peer.heardOf(undefined)[0]?.['timeoutMs']).toBeGreaterThan(1_900);
  });

  it('fail when their time is over: waiting, they were never sent; in flight, perhaps', () => {
    prepare();
    connect(1);
    const inFlight = call('in flight', { timeoutMs: 300 });
    const waiting = call('waiting', { timeoutMs: 200 });
    pass(199);
    expect([inFlight.ends, waiting.ends]).toEqual([[], []]);
    pass(150);
    expect(waiting.failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'never' });
    expect(inFlight.failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
    expect(asked()).toEqual(['in flight', undefined]);
    expect(peer.heardOf('cancel')).toEqual([{ type: 'cancel', id: 1 }]);
  });

  it('bound only the first item of a stream by their deadline', () => {
    prepare();
    connect();
    const stream = call('a stream', { timeoutMs: 300 });
    settle();
    peer.say({ id: 1, response: 1 });
    pass(1_000);
    peer.say({ id: 1, response: 2 }, { id: 1, isDisposed: true });
    expect(stream).toMatchObject({ values: [1, 2], ends: ['complete'] });
  });

  it('keep their deadline while no link is there', () => {
    prepare();
    connect();
    const sent = call('sent', { timeoutMs: 1_000 });
    settle();
    wire.cut();
    settle();
    const made = call('made', { timeoutMs: 1_000 });
    jest.advanceTimersByTime(1_100);
    expect(sent.failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'maybe' });
    expect(made.failure).toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'never' });
  });

  it('are as many at once as the other end runs, and the next goes when one has ended', () => {
    prepare();
    connect(2);
    for (const data of [1, 2, 3, 4, 5]) call(data);
    settle();
    expect(asked()).toEqual([1, 2]);
    peer.say({ id: 1, response: 'done', isDisposed: true });
    expect(asked()).toEqual([1, 2, 3]);
    peer.say({ id: 3, err: 'no', isDisposed: true }, { id: 2, isDisposed: true });
    expect(asked()).toEqual([1, 2, 3, 4, 5]);
    expect(end.session.calls.inFlightCount).toBe(2);
  });

  it('are told to the other end when they are cancelled, and make room for the next', () => {
    prepare();
    connect(1);
    const first = call('first');
    call('second');
    settle();
    first.cancel();
    settle();
    expect(peer.heard.slice(1)).toMatchObject([
      { id: 1, data: 'first' },
      { type: 'cancel', id: 1 },
      { id: 2, data: 'second' },
    ]);
    peer.say({ id: 1, response: 'too late', isDisposed: true });
    expect(first).toMatchObject({ values: [], ends: [] });
  });

  /** The most that the other end has had to run at once, as far as it was told. */
  function mostAtOnce(): number {
    let running = 0;
    let most = 0;
    for (const { type } of peer.heard.slice(1)) {
      if (type === undefined) running += 1;
      else if (type === 'cancel') running -= 1;
      most = Math.max(most, running);
    }
    return most;
  }

  // A busy tick begins to send before it is over, after whichever of its messages.
  it.each(Array.from({ length: 40 }, (_, count) => count))(
    'are never more at once than the other end runs, when one is cancelled behind %d new ones',
    (count) => {
      prepare();
      connect(1);
      const first = call('first');
      settle();
      for (let made = 0; made < count; made++) call(made);
      first.cancel();
      settle();
      expect(mostAtOnce()).toBe(1);
    },
  );

  it('keep their place until the other end was told that their stream has failed', () => {
    prepare();
    connect(1);
    const failed = call('failed', {
      stream: concat(
        of(1, 2),
        throwError(() => new Error('no more')),
      ),
    });
    call('next');
    settle();
    expect(failed.ends).toEqual(['error']);
    expect(peer.heard.slice(1)).toMatchObject([
      { id: 1, data: 'failed' },
      { id: 1, chunk: 1 },
      { id: 1, chunk: 2 },
      { id: 1, end: true, err: {} },
      { type: 'cancel', id: 1 },
      { id: 2, data: 'next' },
    ]);
  });

  it('are never sent when they are cancelled while they wait', () => {
    prepare();
    const gone = call('gone');
    call('stays');
    gone.cancel();
    connect();
    expect(asked()).toEqual(['stays']);
    expect(peer.heardOf('cancel')).toEqual([]);
  });

  it('end the stream that would have gone with them when they are never sent', () => {
    prepare();
    const source = Readable.from(['a']);
    call('it', { stream: source }).cancel();
    expect(source.destroyed).toBe(true);
  });

  it('are not sent when they were given up before they were made', () => {
    prepare();
    connect();
    const [cancelled, aborted] = [new RecordedCall('work', 'it'), new RecordedCall('work', 'it')];
    cancelled.cancel();
    aborted.outgoing.abort(connectionClosed('by the test'));
    for (const { outgoing } of [cancelled, aborted]) end.session.calls.add(outgoing);
    settle();
    expect(asked()).toEqual([]);
    expect(end.session.calls.isIdle).toBe(true);
  });

  it('wait in a bounded line, by number', () => {
    prepare({ limits: { waitingCalls: 2 } });
    const calls = [1, 2, 3].map((data) => call(data));
    expect(calls.map(({ ends }) => ends)).toEqual([[], [], ['error']]);
    expect(calls[2]?.failure).toMatchObject({ code: 'QUEUE_FULL', sent: 'never', retryable: true });
    calls[0]?.cancel();
    expect(call(4).ends).toEqual([]);
    connect();
    expect(asked()).toEqual([2, 4]);
  });

  it('say that they may have been sent when the line is full for a call that is made again', () => {
    prepare({ limits: { waitingCalls: 1 } });
    call('first');
    const repeated = new RecordedCall('work', 'again', { isIdempotent: true });
    // As once it was handed to a link that is lost.
    repeated.outgoing.sent = 'maybe';
    end.session.calls.add(repeated.outgoing);
    expect(repeated.failure).toMatchObject({ code: 'QUEUE_FULL', sent: 'maybe' });
  });

  it('say that they may have been sent when they are refused, but were not the first time', () => {
    prepare({ resumeWindowMs: 0 });
    connect();
    const repeated = call('again', { isIdempotent: true });
    settle();
    wire.cut();
    settle();
    wire = new MemoryWire();
    peer = new ScriptedPeer(wire.accepting);
    connect();
    const first = call('first');
    settle();
    const err = { code: 'OVERLOADED', message: 'no', retryable: true, sent: 'never' };
    for (const { id } of peer.heardOf(undefined)) peer.say({ id, err, isDisposed: true });
    expect(repeated.failure).toMatchObject({ code: 'OVERLOADED', sent: 'maybe', retryable: true });
    expect(first.failure).toMatchObject({ code: 'OVERLOADED', sent: 'never', retryable: true });
  });

  it('wait in a bounded line, by bytes', () => {
    prepare({ limits: { waitingBytes: 1_000 } });
    const long = call('x'.repeat(900));
    const { failure } = call('y'.repeat(200));
    expect(failure).toMatchObject({ code: 'QUEUE_FULL', sent: 'never' });
    expect(String(failure)).toMatch(/no room for a call of 2\d\d bytes; waiting already: 1, 9\d\d bytes/);
    expect(call('z').ends).toEqual([]);
    long.cancel();
    expect(call('y'.repeat(200)).ends).toEqual([]);
    connect();
    expect(asked()).toEqual(['z', 'y'.repeat(200)]);
  });

  it('complete as events once they are sent, and as acknowledged ones once they are handled', () => {
    prepare();
    const event = call('told', { kind: 'event' });
    const acknowledged = call('asked', { kind: 'acknowledged-event' });
    expect([event.ends, acknowledged.ends]).toEqual([[], []]);
    connect();
    expect([event.ends, acknowledged.ends]).toEqual([['complete'], []]);
    const [told, { id, ...rest } = {}] = peer.heardOf(undefined);
    expect(told).toEqual({ pattern: 'work', data: 'told' });
    expect(rest).toEqual({ pattern: 'work', data: 'asked', event: true });
    peer.say({ id, isDisposed: true });
    expect(acknowledged.ends).toEqual(['complete']);
  });

  it('fail alone when one of them is longer than the other end takes', () => {
    prepare();
    end.session.attach(wire.dialling);
    peer.say({ ...WELCOME, maxFrameBytes: 1_024 }, READY);
    const long = call('ä'.repeat(600));
    const short = call('it');
    settle();
    expect(long.failure).toMatchObject({ code: 'FRAME_TOO_LARGE', sent: 'never' });
    expect(asked()).toEqual(['it']);
    expect(short.ends).toEqual([]);
  });

  it('may be made and cancelled while another is settled', () => {
    prepare();
    connect(1);
    const first = call('first');
    const second = call('second');
    first.onEnd = () => {
      second.cancel();
      call('third');
    };
    settle();
    peer.say({ id: 1, response: 'done', isDisposed: true });
    expect(asked()).toEqual(['first', 'third']);
    expect(second.ends).toEqual([]);
  });

  it('may settle one another while their deadlines pass', () => {
    prepare();
    connect();
    const calls = [1, 2, 3].map((data) => call(data, { timeoutMs: 200 }));
    for (const made of calls) {
      made.onEnd = () => {
        for (const other of calls) if (other !== made) other.cancel();
      };
    }
    pass(300);
    expect(calls.flatMap(({ ends }) => ends)).toEqual(['error']);
    expect(end.session.calls.isIdle).toBe(true);
  });

  it('end each for itself when the teardown of one throws, of which RxJS is told', () => {
    const { onUnhandledError } = config;
    const unheard: unknown[] = [];
    config.onUnhandledError = (error) => unheard.push(error);
    try {
      prepare();
      connect();
      const answered = call('answered');
      const late = [1, 2].map((data) => call(data, { timeoutMs: 200 }));
      for (const made of [answered, ...late]) {
        made.onEnd = () => {
          throw new Error(String(made.data));
        };
      }
      settle();
      peer.say({ id: 1, response: 'done', isDisposed: true });
      pass(300);
      expect(end.refusals).toEqual([]);
      expect([answered, ...late].map(({ ends }) => ends)).toEqual([['complete'], ['error'], ['error']]);
      expect(end.session.calls.isIdle).toBe(true);
      expect(unheard).toEqual([new Error('answered'), new Error('1'), new Error('2')]);
    } finally {
      config.onUnhandledError = onUnhandledError;
    }
  });
});
