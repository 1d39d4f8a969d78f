import { describe, expect, it } from '@jest/globals';

import { ErrorCode, type Sent, isErrorCode } from './error-code.js';
import { HeartwireError } from './heartwire-error.js';

const TABLE: readonly (readonly [ErrorCode, boolean, Sent])[] = [
  ['CONNECTION_LOST', true, 'maybe'],
  ['CONNECT_FAILED', true, 'never'],
  ['CONNECT_TIMEOUT', true, 'never'],
  ['HANDSHAKE_FAILED', true, 'never'],
  ['HEARTBEAT_TIMEOUT', true, 'maybe'],
  ['DEADLINE_EXCEEDED', true, 'maybe'],
  ['CANCELLED', false, 'maybe'],
  ['QUEUE_FULL', true, 'never'],
  ['OVERLOADED', true, 'never'],
  ['DRAINING', true, 'never'],
  ['CLOSED', false, 'never'],
  ['PROTOCOL_ERROR', false, 'maybe'],
  ['FRAME_TOO_LARGE', false, 'never'],
  ['SLOW_CONSUMER', true, 'maybe'],
  ['UNAUTHENTICATED', false, 'never'],
  ['NO_HANDLER', false, 'answered'],
  ['UNSERIALIZABLE', false, 'never'],
  ['INVALID_OPTIONS', false, 'never'],
  ['INTERNAL', false, 'maybe'],
];

describe('ErrorCode', () => {
  it('is the closed set of the table, each code being its own name', () => {
    expect(Object.entries(ErrorCode)).toEqual(TABLE.map(([code]) => [code, code]));
  });

  it('is told from anything else', () => {
    expect(isErrorCode('OVERLOADED')).toBe(true);
    for (const other of ['overloaded', 'toString', '__proto__', '', 7, null, undefined, ['OVERLOADED']]) {
      expect(isErrorCode(other)).toBe(false);
    }
  });
});

describe('HeartwireError', () => {
  it.each(TABLE)('%s: retryable %p, sent %s, unless told otherwise', (code, retryable, sent) => {
    expect(new HeartwireError(code, 'm')).toMatchObject({ code, message: 'm', retryable, sent });
    expect(new HeartwireError(code, 'm', { retryable: !retryable, sent: 'answered' })).toMatchObject({
      retryable: !retryable,
      sent: 'answered',
    });
  });

  it('is an Error that names itself', () => {
    const error = new HeartwireError(ErrorCode.CLOSED, 'the client is closed');
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe('HeartwireError: the client is closed');
    expect(error.stack).toMatch(/^HeartwireError: the client is closed\n/);
    expect(Object.keys(error)).not.toContain('name');
  });

  it('keeps its cause, and has none unless given', () => {
    const cause = new Error('ECONNRESET');
    expect(new HeartwireError(ErrorCode.CONNECTION_LOST, 'm', { cause }).cause).toBe(cause);
    expect('cause' in new HeartwireError(ErrorCode.CONNECTION_LOST, 'm')).toBe(false);
  });

  it('travels without cause, stack and sent', () => {
    const facts = { details: { queued: 3 }, cause: new Error('inside'), sent: 'maybe' } as const;
    const error = new HeartwireError(ErrorCode.QUEUE_FULL, 'm', facts);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'QUEUE_FULL',
      message: 'm',
      details: { queued: 3 },
      retryable: true,
    });
    expect(new HeartwireError(ErrorCode.INTERNAL, 'm').toJSON()).toStrictEqual({
      code: 'INTERNAL',
      message: 'm',
      retryable: false,
    });
  });
});
