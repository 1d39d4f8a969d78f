import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { thrownBy } from '../../../../test/support/thrown.js';
import { parseMessage } from './message-parser.js';
import { ProtocolViolation } from './protocol-violation.js';

function refusal(value: unknown): string {
  const { code, message } = thrownBy(ProtocolViolation, () => parseMessage(value));
  expect(code).toBe('PROTOCOL_ERROR');
  return message;
}

function nested(depth: number): string {
  return '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
}

describe('parseMessage', () => {
  it.each<[string, unknown, object]>([
    ['a request', { id: 1, pattern: 'p', data: [1] }, { kind: 'request', id: 1, pattern: 'p', data: [1] }],
    ['a request without data', { id: 'a', pattern: 7 }, { kind: 'request', id: 'a', pattern: 7 }],
    [
      'a request whose id is the empty text',
      { id: '', pattern: 'p' },
      { kind: 'request', id: '', pattern: 'p' },
    ],
    [
      'a request with everything',
      {
        id: 1,
        pattern: { cmd: 'p' },
        data: null,
        metadata: { a: 'b' },
        timeoutMs: 0,
        stream: true,
        event: false,
      },
      {
        kind: 'request',
        id: 1,
        pattern: { cmd: 'p' },
        data: null,
        metadata: { a: 'b' },
        timeoutMs: 0,
        stream: true,
      },
    ],
    ['an event', { pattern: 'p', data: 1 }, { kind: 'event', pattern: 'p', data: 1 }],
    ['an acknowledged event', { id: 2, event: true, pattern: 'p' }, { kind: 'event', id: 2, pattern: 'p' }],
    ['a response', { id: 1, response: 0 }, { kind: 'response', id: 1, response: 0, isDisposed: false }],
    [
      'a last response',
      { id: 1, response: null, isDisposed: true },
      { kind: 'response', id: 1, response: null, isDisposed: true },
    ],
    [
      'a response with err: null',
      { id: 1, response: 1, err: null },
      { kind: 'response', id: 1, response: 1, isDisposed: false },
    ],
    [
      'an item that is undefined',
      { id: 1, isDisposed: false },
      { kind: 'response', id: 1, isDisposed: false },
    ],
    ['an end', { id: 1, isDisposed: true }, { kind: 'end', id: 1 }],
    ['an end with err: null', { id: 1, err: null, isDisposed: true }, { kind: 'end', id: 1 }],
    [
      'a failure',
      { id: 1, err: { code: 'X' }, isDisposed: true },
      { kind: 'failure', id: 1, err: { code: 'X' } },
    ],
    ['a failure without isDisposed', { id: 1, err: '' }, { kind: 'failure', id: 1, err: '' }],
    ['a failure beside a response', { id: 1, err: 'no', response: 1 }, { kind: 'failure', id: 1, err: 'no' }],
    ['a chunk', { id: 1, chunk: null }, { kind: 'chunk', id: 1, chunk: null }],
    ['the end of chunks', { id: 1, end: true }, { kind: 'chunk-end', id: 1 }],
    ['the failed end of chunks', { id: 1, end: true, err: 'no' }, { kind: 'chunk-end', id: 1, err: 'no' }],
    ['a cancel', { type: 'cancel', id: 1 }, { kind: 'cancel', id: 1 }],
    ['a credit', { type: 'credit', id: 1, n: 64 }, { kind: 'credit', id: 1, n: 64 }],
    [
      "a cancel of the caller's stream",
      { type: 'cancel', id: 1, stream: true },
      { kind: 'cancel', id: 1, stream: true },
    ],
    [
      "a credit for the caller's stream",
      { type: 'credit', id: 1, n: 64, stream: true },
      { kind: 'credit', id: 1, n: 64, stream: true },
    ],
    ['a stream that is not there', { type: 'cancel', id: 1, stream: false }, { kind: 'cancel', id: 1 }],
    [
      'a piece of a chunk',
      { id: 1, chunk: Uint8Array.of(1), more: true },
      { kind: 'chunk', id: 1, chunk: Uint8Array.of(1), more: true },
    ],
    [
      'a piece of an answer',
      { id: 1, response: Uint8Array.of(1), more: true },
      { kind: 'response', id: 1, response: Uint8Array.of(1), isDisposed: false, more: true },
    ],
    ['a last piece', { id: 1, chunk: 1, more: false }, { kind: 'chunk', id: 1, chunk: 1 }],
    ['a heartbeat as a pong', { type: 'heartbeat', timestamp: 'a' }, { kind: 'pong', timestamp: 'a' }],
    ['a type beside a pattern', { type: 'status', id: 1, pattern: 'p' }, { kind: 'status' }],
    [
      'a hello with nothing but its version',
      { type: 'hello', protocol: 1, name: null },
      { kind: 'hello', protocol: 1 },
    ],
  ])('knows %s', (_name, wire, message) => {
    expect(parseMessage(wire)).toEqual(message);
  });

  it('leaves out members that the protocol does not know', () => {
    const message = parseMessage({ id: 1, pattern: 'p', data: 1, admin: true, response: 2, kind: 'end' });
    expect(message).toEqual({ kind: 'request', id: 1, pattern: 'p', data: 1 });
    expect(Object.keys(message)).not.toContain('admin');
  });

  it('takes nothing from __proto__ keys', () => {
    const wire =
      '{"id":1,"pattern":"p","metadata":{"a":"b","__proto__":"evil"},"__proto__":{"type":"cancel","timeoutMs":1}}';
    const message = parseMessage(JSON.parse(wire));
    expect(message).toEqual({ kind: 'request', id: 1, pattern: 'p', metadata: { a: 'b' } });
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    if (message.kind !== 'request') throw new Error('not a request');
    expect(Object.getPrototypeOf(message.metadata)).toBe(Object.prototype);
    expect(({} as { type?: unknown }).type).toBeUndefined();
  });

  it('refuses a prototype that pretends to be metadata', () => {
    expect(refusal(JSON.parse('{"pattern":"p","metadata":{"__proto__":{"a":"b"}}}'))).toBe(
      '"metadata.__proto__" must be a string: it is an object',
    );
  });

  it('gives each message of a kind the same members in the same order', () => {
    const keys = (wire: unknown): string[] => Object.keys(parseMessage(wire));
    expect(keys({ id: 1, pattern: 'p' })).toEqual(
      keys({ stream: true, timeoutMs: 1, metadata: {}, data: 1, pattern: 'p', id: 1 }),
    );
    expect(keys({ id: 1, response: 1 })).toEqual(keys({ isDisposed: true, response: 1, id: 1 }));
    expect(keys({ pattern: 'p' })).toEqual(keys({ id: 1, event: true, pattern: 'p', metadata: {} }));
  });

  it.each([
    ['data', (deep: string) => `{"id":1,"pattern":"p","data":${deep}}`],
    ['pattern', (deep: string) => `{"id":1,"pattern":${deep}}`],
    ['response', (deep: string) => `{"id":1,"response":${deep}}`],
    ['err', (deep: string) => `{"id":1,"err":${deep}}`],
  ])('does not mind an object 100,000 deep as %s', (_member, wrap) => {
    expect(parseMessage(JSON.parse(wrap(nested(100_000)))).kind).toMatch(/request|response|failure/);
  });

  it.each([
    ['metadata', `{"pattern":"p","metadata":${nested(100_000)}}`],
    ['id', `{"response":1,"id":${nested(100_000)}}`],
    ['type', `{"type":${nested(100_000)}}`],
    ['the whole message', nested(100_000)],
  ])('refuses an object 100,000 deep as %s', (_member, text) => {
    expect(refusal(JSON.parse(text)).length).toBeLessThan(150);
  });

  it('knows or refuses whatever comes', () => {
    const names = [
      'type',
      'id',
      'pattern',
      'data',
      'metadata',
      'timeoutMs',
      'stream',
      'event',
      'response',
      'isDisposed',
      'err',
    ];
    const more = [
      'chunk',
      'end',
      'protocol',
      'timestamp',
      'received',
      'n',
      'code',
      'message',
      'reason',
      'graceMs',
      'resume',
    ];
    const types = [
      'welcome',
      'hello',
      'ready',
      'ping',
      'pong',
      'heartbeat',
      'ack',
      'goaway',
      'status',
      'status_response',
      'error',
    ];
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('cancel', 'credit', ...types),
      fc.nat(),
      fc.boolean(),
      fc.anything(),
    );
    const wire = fc.dictionary(
      fc.oneof(fc.constantFrom(...names), fc.constantFrom(...more), fc.string()),
      value,
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), wire), (input) => {
        try {
          const message = parseMessage(input);
          expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
        } catch (error) {
          if (!(error instanceof ProtocolViolation)) throw error;
          expect(error.message.length).toBeLessThan(200);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
