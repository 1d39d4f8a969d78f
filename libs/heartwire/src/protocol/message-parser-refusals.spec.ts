import { describe, expect, it } from '@jest/globals';

import { thrownBy } from '../../../../test/support/thrown.js';
import { parseMessage } from './message-parser.js';
import { ProtocolViolation } from './protocol-violation.js';

const LONG = 'x'.repeat(257);

function refusal(value: unknown): string {
  const { code, message } = thrownBy(ProtocolViolation, () => parseMessage(value));
  expect(code).toBe('PROTOCOL_ERROR');
  return message;
}

describe('what parseMessage says when it refuses', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'a message must be a JSON object'],
    ['a number', 1, 'a message must be a JSON object'],
    ['a text', 'text', 'a message must be a JSON object'],
    ['an array', [{ id: 1, pattern: 'p' }], 'a message must be a JSON object'],
    [
      'an empty object',
      {},
      'a message must have one of "pattern", "response", "err", "isDisposed", "chunk", "end" and "type"',
    ],
    ['an id alone', { id: 1 }, 'a message must have one of'],
    [
      'a pattern that is null',
      { id: 1, pattern: null },
      '"pattern" must be a string, a number or an object: it is null',
    ],
    [
      'a pattern that is true',
      { id: 1, pattern: true },
      '"pattern" must be a string, a number or an object: it is true',
    ],
    [
      'an id that is null',
      { id: null, pattern: 'p' },
      '"id" must be a finite number or a string of at most 256 characters: it is null',
    ],
    [
      'an id that is an object',
      { id: {}, response: 1 },
      '"id" must be a finite number or a string of at most 256 characters: it is an object',
    ],
    ['an id that is an array', { id: [], err: 1 }, 'it is an array'],
    ['an id that is no number', { id: NaN, isDisposed: true }, 'it is NaN'],
    ['an id that is too long', { id: LONG, pattern: 'p' }, '"id" must be'],
    [
      'an answer without an id',
      { response: 1 },
      '"id" must be a finite number or a string of at most 256 characters: it is missing',
    ],
    ['a cancel without an id', { type: 'cancel' }, '"id" must be'],
    [
      'an unknown type',
      { type: 'frobnicate' },
      '"type" must be a message type of this protocol: it is "frobnicate"',
    ],
    ['a type that is a number', { type: 1 }, '"type" must be a message type of this protocol: it is 1'],
    ['a type that is null', { type: null, id: 1, pattern: 'p' }, '"type" must be'],
    [
      'a negative timeout',
      { id: 1, pattern: 'p', timeoutMs: -1 },
      '"timeoutMs" must be a finite number, 0 or more: it is -1',
    ],
    [
      'a timeout that is a text',
      { id: 1, pattern: 'p', timeoutMs: '5' },
      '"timeoutMs" must be a finite number, 0 or more: it is "5"',
    ],
    ['an endless timeout', { id: 1, pattern: 'p', timeoutMs: Infinity }, 'it is Infinity'],
    [
      'metadata that is a text',
      { pattern: 'p', metadata: 'm' },
      '"metadata" must be an object whose values are strings: it is "m"',
    ],
    ['metadata that is an array', { pattern: 'p', metadata: ['m'] }, 'it is an array'],
    [
      'metadata with a number',
      { pattern: 'p', metadata: { a: 1 } },
      '"metadata.a" must be a string: it is 1',
    ],
    [
      'a stream that is a number',
      { id: 1, pattern: 'p', stream: 1 },
      '"stream" must be true or false: it is 1',
    ],
    ['an event that is a text', { pattern: 'p', event: 'yes' }, '"event" must be true or false: it is "yes"'],
    [
      'an isDisposed that is a number',
      { id: 1, response: 1, isDisposed: 1 },
      '"isDisposed" must be true or false: it is 1',
    ],
    ['an end that is a text', { id: 1, end: 'yes' }, '"end" must be true or false'],
    ['a ping without a timestamp', { type: 'ping' }, '"timestamp" must be'],
    ['a pong with a long timestamp', { type: 'pong', timestamp: LONG }, '"timestamp" must be'],
    [
      'a ping with half a message received',
      { type: 'ping', timestamp: 1, received: 0.5 },
      '"received" must be a whole number, 0 or more: it is 0.5',
    ],
    [
      'an ack below 0',
      { type: 'ack', received: -1 },
      '"received" must be a whole number, 0 or more: it is -1',
    ],
    [
      'a piece that is no bytes',
      { id: 1, chunk: 'text', more: true },
      '"more" must be a member of messages with bytes only: it is true',
    ],
    [
      'a credit whose stream is a number',
      { type: 'credit', id: 1, n: 1, stream: 1 },
      '"stream" must be true or false: it is 1',
    ],
    [
      'a credit of nothing',
      { type: 'credit', id: 1, n: 0 },
      '"n" must be a whole number, 1 or more: it is 0',
    ],
    [
      'a hello without a version',
      { type: 'hello' },
      '"protocol" must be a whole number, 1 or more: it is missing',
    ],
    [
      'a hello whose heartbeat is too fast',
      { type: 'hello', protocol: 1, heartbeatInterval: 99 },
      '"heartbeatInterval" must be a finite number, 100 or more: it is 99',
    ],
    [
      'a hello whose timeout is too short',
      { type: 'hello', protocol: 1, heartbeatTimeout: 199 },
      '"heartbeatTimeout" must be a finite number, 200 or more: it is 199',
    ],
    [
      'a hello with a frame limit that no header can tell',
      { type: 'hello', protocol: 1, maxFrameBytes: 2 ** 30 },
      '"maxFrameBytes" must be a whole number, 1 to 1073741823',
    ],
    [
      'a hello that lets no call run',
      { type: 'hello', protocol: 1, maxInFlight: 0 },
      '"maxInFlight" must be',
    ],
    [
      'a hello with a resumption that is a text',
      { type: 'hello', protocol: 1, resume: 'me' },
      '"resume" must be an object: it is "me"',
    ],
    [
      'a goaway without a reason',
      { type: 'goaway', graceMs: 1 },
      '"reason" must be a string of at most 256 characters: it is missing',
    ],
    ['an error without a code', { type: 'error', message: 'm' }, '"code" must be'],
    [
      'a welcome with an unknown authentication',
      { type: 'welcome', authentication: 'magic' },
      '"authentication" must be "none" or "token": it is "magic"',
    ],
  ])('refuses %s', (_name, wire, message) => {
    expect(refusal(wire)).toContain(message);
  });

  it('repeats only the beginning of a long text', () => {
    expect(refusal({ id: 1, pattern: 'p', timeoutMs: 'y'.repeat(10_000) })).toBe(
      `"timeoutMs" must be a finite number, 0 or more: it is "${'y'.repeat(40)}…"`,
    );
    expect(refusal({ pattern: 'p', metadata: { ['k'.repeat(10_000)]: 1 } }).length).toBeLessThan(130);
    expect(refusal({ type: '\u0000'.repeat(10_000) }).length).toBeLessThan(130);
  });

  it.each([
    { type: 'hello', protocol: 1, token: ['hunter2'] },
    { type: 'hello', protocol: 1, token: 'hunter2'.repeat(10_000) },
    { type: 'hello', protocol: 1, resume: { session: 's', secret: 'hunter2'.repeat(100), received: 0 } },
    { type: 'ready', session: 's', secret: 'hunter2'.repeat(100), resumed: false, received: 0 },
  ])('never repeats a token or a secret', (wire) => {
    expect(refusal(wire)).not.toContain('hunter2');
  });
});
