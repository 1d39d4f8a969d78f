import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { frame, messageFrame, type RawPeer } from './support/raw-peer.js';
import { Target } from './support/target.js';
import { until } from './support/until.js';

const HELLO = { type: 'hello', protocol: 1 };
const RESUME = { session: 'c-1', secret: '9f86d081884c7d659a2feaa0c55ad015', received: 0 };

const DEEP = 100_000;
const STATUS_RESPONSE = {
  clientId: 'c',
  connectTime: 1,
  uptime: 1,
  rtt: null,
  heartbeatCount: 0,
  missedHeartbeats: 0,
  lastHeartbeat: 1,
  isAlive: true,
  bytesReceived: 0,
  bytesSent: 0,
};

let target: Target;
let peer: RawPeer;

beforeEach(async () => {
  target = await Target.open();
  peer = await target.stranger();
});

afterEach(() => target.close());

const endlessIsRunning = (): Promise<void> =>
  until('the call runs', () => target.controller.counts.endless === 1);

describe('a message that breaks the protocol ends its own connection, with one line in the log:', () => {
  it.each<[string, string]>([
    ['no JSON', 'hello?'],
    ['half of a JSON text', '{"id":1,"pattern":"echo"'],
    ['two JSON texts', '{}{}'],
    ['a number that JSON has no word for', '{"id":NaN,"pattern":"echo"}'],
    ['blanks', '   '],
  ])('%s', async (_what, text) => {
    peer.write(frame(text));
    expect(await target.refusal(peer)).toEqual({
      type: 'error',
      code: 'PROTOCOL_ERROR',
      message: 'a message must be JSON',
    });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a text', 'echo'],
    ['true', true],
    ['an array', [{ id: 1, pattern: 'echo' }]],
  ])('no object but %s', async (_what, message) => {
    peer.send(message);
    expect(await target.refusal(peer)).toEqual({
      type: 'error',
      code: 'PROTOCOL_ERROR',
      message: 'a message must be a JSON object',
    });
  });

  it.each<[string, object, string]>([
    ['no member that is known', { hello: 'there' }, 'must have one of'],
    ['an unknown type', { type: 'frobnicate' }, '"frobnicate"'],
    ['a type that every object has', { type: 'constructor' }, '"type" must be'],
    ['a type that is an object', { type: {} }, '"type" must be'],
    ['an id that is null', { id: null, pattern: 'echo', data: 1 }, '"id" must be'],
    ['an id that is true', { id: true, pattern: 'echo', data: 1 }, '"id" must be'],
    ['an id that is an object', { id: { id: 1 }, pattern: 'echo', data: 1 }, '"id" must be'],
    ['an id that is too long', { id: 'x'.repeat(257), pattern: 'echo' }, '"id" must be'],
    ['a pattern that is null', { id: 1, pattern: null }, '"pattern" must be'],
    ['a pattern that is true', { id: 1, pattern: true }, '"pattern" must be'],
    ['metadata that is a text', { id: 1, pattern: 'echo', metadata: 'm' }, '"metadata" must be'],
    ['metadata that holds a number', { id: 1, pattern: 'echo', metadata: { n: 1 } }, '"metadata.n" must be'],
    ['a time that is a text', { id: 1, pattern: 'echo', timeoutMs: '5' }, '"timeoutMs" must be'],
    ['a time that is negative', { id: 1, pattern: 'echo', timeoutMs: -1 }, '"timeoutMs" must be'],
    ['a flag that is a text', { id: 1, pattern: 'told', event: 'yes' }, '"event" must be'],
    ['a flag that is a number', { id: 1, isDisposed: 1 }, '"isDisposed" must be'],
    ['an answer without an id', { response: 1 }, '"id" must be'],
    ['a cancel without an id', { type: 'cancel' }, '"id" must be'],
    ['credit that is a fraction', { type: 'credit', id: 1, n: 0.5 }, '"n" must be'],
    ['a ping without a timestamp', { type: 'ping' }, '"timestamp" must be'],
    ['a pong whose timestamp is an object', { type: 'pong', timestamp: {} }, '"timestamp" must be'],
    ['an ack of less than nothing', { type: 'ack', received: -1 }, '"received" must be'],
    ['an ack of a fraction', { type: 'ack', received: 0.5 }, '"received" must be'],
    ['a goaway without a reason', { type: 'goaway', graceMs: 1 }, '"reason" must be'],
    ['an error that is no text', { type: 'error', code: 1, message: 2 }, '"code" must be'],
    ['a hello without a protocol', { type: 'hello' }, '"protocol" must be'],
    ['a hello of another protocol', { type: 'hello', protocol: 2 }, 'protocol 2 is not spoken here'],
    ['a hello whose token is an object', { ...HELLO, token: {} }, '"token" must be'],
    ['a heartbeat below the floor', { ...HELLO, heartbeatInterval: 1 }, '"heartbeatInterval" must be'],
    ['a resume that is a text', { ...HELLO, resume: 'it' }, '"resume" must be'],
    ['a welcome, which is the server’s word', { type: 'welcome', protocol: 1 }, ''],
    ['a ready, which is the server’s word', { type: 'ready', session: 's' }, ''],
  ])('%s', async (_what, message, fault) => {
    peer.send(message);
    expect(await target.refusal(peer)).toEqual({
      type: 'error',
      code: 'PROTOCOL_ERROR',
      message: expect.stringContaining(fault),
    });
  });

  it('a number too large for a number', async () => {
    peer.write(frame('{"id":1e999,"pattern":"echo","data":1}'));
    expect(await target.refusal(peer)).toMatchObject({ type: 'error', code: 'PROTOCOL_ERROR' });
  });

  it('a second hello', async () => {
    peer.send(HELLO, HELLO);
    expect(await target.refusal(peer)).toMatchObject({ message: '"hello" is out of turn' });
    expect(await peer.received({ type: 'ready' })).toMatchObject({ resumed: false });
  });

  it('an ack of what was never sent', async () => {
    peer.send(HELLO, { type: 'ack', received: 1 });
    expect(await target.refusal(peer)).toMatchObject({ type: 'error', code: 'PROTOCOL_ERROR' });
  });

  it('what would write lines of its own into the log: it is told of in one line', async () => {
    const id = 'two\u2028lines\u0085\u009b2J';
    peer.send({ id, pattern: 'endless', data: {} });
    await endlessIsRunning();
    peer.send({ id, pattern: 'echo', data: {} });
    expect(await target.refusal(peer)).toMatchObject({ message: 'id "two lines 2J" is in use already' });
  });

  it('an id that is in use, and the call that has it is torn down', async () => {
    peer.send({ id: 1, pattern: 'endless', data: {} });
    await endlessIsRunning();
    peer.send({ id: '1', pattern: 'echo', data: 'the text "1" is another id' });
    await peer.received({ id: '1', isDisposed: true });
    peer.send({ id: 1, pattern: 'echo', data: 'again' });
    expect(await target.refusal(peer)).toEqual({
      type: 'error',
      code: 'PROTOCOL_ERROR',
      message: 'id 1 is in use already',
    });
    expect(target.controller.counts.tornDown).toBe(1);
  });

  it('one in the midst of good ones: none that comes after it is taken', async () => {
    const call = (id: number): Buffer => messageFrame({ id, pattern: 'echo', data: id });
    peer.write(call(1));
    await peer.received({ id: 1 });
    peer.write(Buffer.concat([frame('oops'), call(2), frame('oops'), frame(''), call(3)]));
    await target.refusal(peer);
    expect(peer.messages.map(({ type, id }) => type ?? id)).toEqual(['welcome', 1, 'error']);
    expect(target.controller.heard).toEqual([1]);
  });
});

describe('what is odd and legal is served:', () => {
  afterEach(() => {
    expect(target.warnings).toEqual([]);
    expect(peer.isClosed).toBe(false);
  });

  it('answers to calls that were never made are ignored', async () => {
    peer.send(
      { id: 1, response: 'unasked' },
      { id: 1, response: 'unasked', isDisposed: true },
      {
        id: 'two',
        err: { code: 'DRAINING', message: 'no', retryable: true, sent: 'never' },
        isDisposed: true,
      },
      { id: 3, isDisposed: true },
      { type: 'cancel', id: 4 },
      { id: 5, chunk: 1 },
      { id: 5, end: true },
      { type: 'credit', id: 6, n: 64 },
      { type: 'status_response', ...STATUS_RESPONSE },
      { type: 'pong', timestamp: 'never asked' },
    );
    peer.send({ id: 7, pattern: 'echo', data: 'still here' });
    expect(await peer.received({ id: 7 })).toMatchObject({ response: 'still here' });
  });

  it('a session that nobody knows: a new one begins', async () => {
    peer.send({ ...HELLO, resume: RESUME });
    expect(await peer.received({ type: 'ready' })).toMatchObject({ resumed: false, received: 0 });
  });

  it('keys named __proto__ are data and nothing else', async () => {
    const data = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}';
    const text = `{"id":1,"pattern":"echo","data":${data},"metadata":{"__proto__":"m","a":"b"},"__proto__":{"type":"ping"}}`;
    peer.write(frame(text));
    const answer = await peer.received({ id: 1 });
    expect(JSON.stringify(answer.response)).toBe(data);
    expect(JSON.stringify(target.controller.heard)).toBe(`[${data}]`);
    expect(target.controller.metadata).toEqual([{ a: 'b' }]);
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    expect(({} as Record<string, unknown>).type).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', '{"__proto__":1}', ''])(
    'the pattern %p has no handler',
    async (pattern) => {
      peer.send({ id: '__proto__', pattern, data: {} });
      expect(await peer.received({ isDisposed: true })).toMatchObject({
        id: '__proto__',
        err: { code: 'NO_HANDLER', retryable: false },
      });
    },
  );

  it.each(['{"a":', '['])(
    'an object 100,000 deep reaches its handler; where such an answer can’t be written, that is told (%s)',
    async (opening) => {
      const closing = opening === '[' ? ']' : '}';
      const deep = `${opening.repeat(DEEP)}1${closing.repeat(DEEP)}`;
      peer.write(frame(`{"id":1,"pattern":"told","event":true,"data":${deep}}`));
      expect(await peer.received({ id: 1 })).toEqual({ id: 1, isDisposed: true });
      expect(target.controller.heard).toHaveLength(1);
      peer.write(frame(`{"id":2,"pattern":"echo","data":${deep}}`));
      const { err, isDisposed } = await peer.received({ id: 2 });
      expect(isDisposed).toBe(true);
      // A newer V8 writes what an older one has no stack for.
      if (canBeWritten(JSON.parse(deep))) expect(err).toBeUndefined();
      else expect(err).toMatchObject({ code: 'UNSERIALIZABLE' });
    },
  );

  it('an object 100,000 deep where it means nothing is passed by', async () => {
    const deep = `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`;
    peer.write(frame(`{"id":1,"pattern":${deep},"data":1}`));
    expect(await peer.received({ id: 1 })).toMatchObject({ err: { code: 'NO_HANDLER' } });
    peer.send({ id: 2, pattern: deep, data: 1 });
    expect(await peer.received({ id: 2 })).toMatchObject({ err: { code: 'NO_HANDLER' } });
    peer.write(frame(`{"id":3,"pattern":"echo","data":3,"unknown":${deep}}`));
    expect(await peer.received({ id: 3 })).toMatchObject({ response: 3 });
    peer.write(frame(`{"id":4,"err":${deep},"isDisposed":true}`));
    peer.send({ id: 5, pattern: 'echo', data: 5 });
    expect(await peer.received({ id: 5 })).toMatchObject({ response: 5 });
  });
});

function canBeWritten(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
