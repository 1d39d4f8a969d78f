import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { READY, ScriptedPeer, settle, WELCOME } from '../../../../test/support/scripted-peer.js';
import { DiallingEnd } from '../../../../test/support/session-ends.js';
import { chunkText, responseText, withFlag } from '../protocol/message-text.js';
import type { Envelope } from '../protocol/outgoing.js';
import { MemoryWire } from '../testing/memory-wire.js';
import { callBody } from './call-body.js';
import { type CallTraits, OutgoingCall } from './outgoing-call.js';
import { INITIAL_CREDIT } from './outgoing-stream.js';

const PORTION = INITIAL_CREDIT / 2;

describe('the credit of an answer', () => {
  let end: DiallingEnd;
  let peer: ScriptedPeer;
  let seen: unknown[];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    seen = [];
    end = new DiallingEnd();
    const wire = new MemoryWire();
    peer = new ScriptedPeer(wire.accepting);
    end.session.attach(wire.dialling);
    peer.say(WELCOME, READY);
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  function call(traits?: CallTraits): OutgoingCall {
    const observer = {
      next: (value: unknown) => seen.push(value),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('end'),
    };
    const body = callBody('tail', {});
    const made = new OutgoingCall('request', body, observer, performance.now() + 60_000, 60_000, traits);
    end.session.calls.add(made);
    settle();
    return made;
  }

  const say = (count: number): void => {
    peer.say(...Array.from({ length: count }, (_, response) => ({ id: 1, response })));
  };

  it('is granted as items come to who subscribes, in portions', () => {
    call();
    say(PORTION - 1);
    expect(peer.heardOf('credit')).toEqual([]);
    say(1);
    expect(peer.heardOf('credit')).toEqual([{ type: 'credit', id: 1, n: PORTION }]);
    say(INITIAL_CREDIT);
    expect(peer.heardOf('credit')).toHaveLength(3);
  });

  it('is granted to iteration as items are taken', () => {
    const made = call({ pulls: true });
    say(INITIAL_CREDIT);
    expect(peer.heardOf('credit')).toEqual([]);
    for (let item = 0; item < PORTION; item++) made.taken();
    settle();
    expect(peer.heardOf('credit')).toEqual([{ type: 'credit', id: 1, n: PORTION }]);
    say(PORTION);
    peer.say({ id: 1, response: 'the last one costs nothing', isDisposed: true });
    expect(seen).toHaveLength(INITIAL_CREDIT + PORTION + 2);
    made.taken();
    expect(end.session.state).toBe('ready');
  });

  it('can not be exceeded', () => {
    call({ pulls: true });
    say(INITIAL_CREDIT + 1);
    expect(seen.filter((item) => typeof item === 'number')).toHaveLength(INITIAL_CREDIT);
    expect(peer.heardOf('error')).toMatchObject([{ code: 'PROTOCOL_ERROR' }]);
    expect(end.refusals).toHaveLength(1);
  });

  it('counts pieces as the one item that they are', () => {
    call({ pulls: true });
    const piece = { header: withFlag(responseText(1, undefined, false), 'more'), bytes: Uint8Array.of(1) };
    const last = { header: responseText(1, undefined, false), bytes: Uint8Array.of(2) };
    peer.link.send(Array.from({ length: INITIAL_CREDIT }, () => [piece, piece, last]).flat());
    settle();
    expect(seen).toEqual(Array.from({ length: INITIAL_CREDIT }, () => Buffer.of(1, 1, 2)));
    expect(end.refusals).toEqual([]);
  });

  it('joins the pieces of a last value', () => {
    call();
    const header = withFlag(responseText(1, undefined, false), 'more');
    peer.link.send([{ header, bytes: Uint8Array.of(1) }]);
    peer.link.send([{ header: responseText(1, undefined, true), bytes: Uint8Array.of(2) }]);
    settle();
    expect(seen).toEqual([Buffer.of(1, 2), 'end']);
  });

  it('does not mind in how many parts the last of a stream of bytes comes', () => {
    call({ pulls: true });
    const bytes = (text: string, isLast: boolean): Envelope => ({
      header: withFlag(responseText(1, undefined, isLast), 'byteStream'),
      bytes: Buffer.from(text),
    });
    peer.link.send(Array.from({ length: INITIAL_CREDIT }, () => bytes('a', false)));
    const piece = { header: withFlag(bytes('', false).header, 'more'), bytes: Buffer.from('b') };
    peer.link.send([piece, bytes('c', true)]);
    settle();
    expect(end.refusals).toEqual([]);
    expect(seen.slice(INITIAL_CREDIT)).toEqual([Buffer.from('b'), Buffer.from('c'), 'end']);
  });

  it('is needed for an item of bytes that is not the last, in however many parts it comes', () => {
    call({ pulls: true });
    const header = withFlag(responseText(1, undefined, false), 'byteStream');
    const bytes = Uint8Array.of(1);
    peer.link.send(Array.from({ length: INITIAL_CREDIT }, () => ({ header, bytes })));
    peer.link.send([{ header: withFlag(header, 'more'), bytes }]);
    peer.link.send([{ header, bytes }]);
    settle();
    expect(peer.heardOf('error')).toMatchObject([{ code: 'PROTOCOL_ERROR' }]);
  });

  it('can not end within an item', () => {
    call();
    peer.link.send([
      { header: withFlag(responseText(1, undefined, false), 'more'), bytes: Uint8Array.of(1) },
    ]);
    peer.say({ id: 1, isDisposed: true });
    expect(seen).not.toContain('end');
    expect(peer.heardOf('error')).toMatchObject([{ code: 'PROTOCOL_ERROR' }]);
  });

  it('takes no notice of what comes late, or for nobody', () => {
    call().unsubscribe();
    say(INITIAL_CREDIT * 2);
    const bytes = Uint8Array.of(1);
    peer.link.send([{ header: withFlag(chunkText('nobody', undefined), 'more'), bytes }]);
    peer.say({ type: 'credit', id: 1, n: 1, stream: true }, { type: 'cancel', id: 1, stream: true });
    peer.say({ type: 'credit', id: 7, n: 1 }, { id: 7, end: true });
    expect(seen).toEqual([]);
    expect(end.session.state).toBe('ready');
    expect(peer.heardOf('credit')).toEqual([]);
  });
});
