import { describe, expect, it } from '@jest/globals';

import type { Authenticate } from '../options/authenticate.js';
import { identityOf } from './identity-of.js';

const connection = { remote: 'tcp://10.0.0.7:1', peerCertificate: undefined };

const ask = (authenticate: Authenticate, token?: string): Promise<unknown> =>
  identityOf(authenticate, { token, name: undefined }, connection);

const throws =
  (thrown: unknown): Authenticate =>
  () => {
    throw thrown;
  };

/** What it is refused with, as the log would show it. */
const why = (authenticate: Authenticate, token?: string): Promise<string> =>
  ask(authenticate, token).then(
    () => 'nothing',
    (error: unknown) => (error as Error).message,
  );

describe('who a client is', () => {
  it.each([{ name: 'ada' }, 'ada', 0, '', true])('may be anything that is somebody: %j', async (identity) => {
    expect(await ask(() => identity)).toBe(identity);
    expect(await ask(() => Promise.resolve(identity))).toBe(identity);
  });

  it.each([undefined, null, false])('is nobody when it is %s', async (nobody) => {
    expect(await why(() => nobody)).toBe('authenticate knows nobody like that');
    expect(await why(() => Promise.resolve(nobody))).toBe('authenticate knows nobody like that');
  });
});

describe('why a client is refused', () => {
  it.each<[unknown, string]>([
    [new Error('the directory is away'), 'the directory is away'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
  ])('is what was thrown: %s', async (thrown, expected) => {
    expect(await why(throws(thrown), 'secret')).toBe(expected);
    expect(await why(throws(thrown))).toBe(expected);
  });

  it.each([
    ['no user abcd.efgh', 'abcd.efgh', 'no user ***'],
    ['abcd is unknown, and efgh is wrong', 'abcd.efgh', '*** is unknown, and *** is wrong'],
    ['bad token a', 'a', 'b***d token ***'],
    ['no token', '', 'no token'],
  ])('never shows the token or a part of it: %s', async (message, token, expected) => {
    expect(await why(throws(new Error(message)), token)).toBe(expected);
  });

  it('is short', async () => {
    expect(await why(throws(new Error('x'.repeat(5_000))))).toHaveLength(200);
  });

  it('keeps nothing of what was thrown', async () => {
    const refusal = ask(throws(new Error('no', { cause: 'secret' })), 'secret');
    await expect(refusal).rejects.not.toHaveProperty('cause');
  });
});
