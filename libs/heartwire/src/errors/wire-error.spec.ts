import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';

import { ERROR_DEFAULTS, ErrorCode } from './error-code.js';
import { HeartwireError } from './heartwire-error.js';
import { fromWireError, toWireError, wireRefusal } from './wire-error.js';

const UNEXPECTED = { status: 'error', message: 'Internal server error' };

function overTheWire(thrown: unknown): unknown {
  return fromWireError(JSON.parse(JSON.stringify(toWireError(thrown))));
}

describe('toWireError', () => {
  it.each([
    [{ status: 404, message: 'no such order' }],
    [['a', 'b']],
    ['plain text'],
    [''],
    [0],
    [42],
    [false],
  ])('lets what was thrown on purpose through: %j', (thrown) => {
    expect(toWireError(thrown)).toBe(thrown);
  });

  it.each([
    ['an Error', new Error('password=1234')],
    ['a subclass', new TypeError('x is undefined')],
    ['an abort', new DOMException('stopped', 'AbortError')],
    ['an error of another realm', runInNewContext('new Error("password=1234")') as unknown],
    ['null', null],
    ['undefined', undefined],
    ['a function', (): void => undefined],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['NaN, which is null in JSON', Number.NaN],
    ['an invalid date, which is null in JSON', new Date(Number.NaN)],
    ['an object whose JSON fails', { toJSON: () => { throw new Error('inside'); } }], // prettier-ignore
  ])('says nothing of %s', (_, thrown) => {
    expect(toWireError(thrown)).toStrictEqual(UNEXPECTED);
  });

  it('gives each caller an object of its own', () => {
    expect(toWireError(undefined)).not.toBe(toWireError(undefined));
  });

  it('lets an object through that has its own JSON', () => {
    const date = new Date(0);
    expect(toWireError(date)).toBe(date);
  });
});

describe('fromWireError', () => {
  it.each(Object.values(ErrorCode))('makes a HeartwireError of %s again', (code) => {
    const error = overTheWire(
      new HeartwireError(code, 'm', { details: { a: [1] }, cause: new Error('inside') }),
    );
    expect(error).toBeInstanceOf(HeartwireError);
    expect(error).toMatchObject({
      code,
      message: 'm',
      details: { a: [1] },
      sent: ERROR_DEFAULTS[code].sent === 'maybe' ? 'maybe' : 'answered',
    });
    expect((error as HeartwireError).cause).toBeUndefined();
  });

  it('knows a refusal, which no handler has seen, from an error that a handler passed on', () => {
    const overloaded = new HeartwireError(ErrorCode.OVERLOADED, 'busy');
    const refused = fromWireError(JSON.parse(JSON.stringify(wireRefusal('OVERLOADED', 'busy'))));
    expect(refused).toMatchObject({ code: 'OVERLOADED', sent: 'never' });
    expect(overTheWire(overloaded)).toMatchObject({ code: 'OVERLOADED', sent: 'answered' });
  });

  it.each([true, false])('keeps what the other end said of trying again: %p', (retryable) => {
    expect(overTheWire(new HeartwireError(ErrorCode.INTERNAL, 'm', { retryable }))).toMatchObject({
      retryable,
    });
  });

  it.each([
    ['text'],
    [7],
    [null],
    [undefined],
    [[{ code: 'CLOSED', retryable: true }]],
    [{ status: 'error', message: 'Internal server error' }],
    [{ code: 'CLOSED', message: 'a user object without retryable' }],
    [{ code: 'CLOSED', message: 'm', retryable: 'yes' }],
    [{ code: 'SOLD_OUT', message: 'a code of the application', retryable: true }],
    [{ code: 'toString', retryable: true }],
  ])('returns %j as it is', (err) => {
    expect(fromWireError(err)).toBe(err);
  });

  it.each([
    [{ message: 7 }, { message: 'CLOSED', details: undefined }],
    [{ details: 'text' }, { message: 'CLOSED', details: undefined }],
    [{ details: [1] }, { message: 'CLOSED', details: undefined }],
    [{ details: null }, { message: 'CLOSED', details: undefined }],
  ])('leaves out members of the wrong kind: %j', (members, expected) => {
    const error = fromWireError({ code: 'CLOSED', retryable: false, ...members }) as HeartwireError;
    expect({ message: error.message, details: error.details }).toEqual(expected);
  });
});
