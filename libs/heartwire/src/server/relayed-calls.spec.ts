import { afterEach, describe, expect, it } from '@jest/globals';
import { config } from 'rxjs';

import { until } from '../../../../test/support/until.js';
import type { HubNews } from '../options/hub-adapter.js';
import { RelayedCalls } from './relayed-calls.js';

describe('calls to clients of other instances', () => {
  const published: HubNews[] = [];
  const seen: unknown[] = [];
  const observer = {
    next: (value: unknown) => seen.push(value),
    error: (error: unknown) => seen.push(error),
    complete: () => seen.push('complete'),
  };
  let calls = newCalls();

  function newCalls(): RelayedCalls {
    return new RelayedCalls(
      (clientId) => (clientId === 'ann' ? 'east' : undefined),
      (news) => published.push(news),
    );
  }

  afterEach(() => {
    calls.close();
    calls = newCalls();
    published.length = seen.length = 0;
  });

  it('are none where no instance has the client', () => {
    expect(calls.start('bob', 'p', 1, { timeoutMs: 5_000 }, observer, false)).toBeUndefined();
    expect(published).toEqual([]);
  });

  it('take answers from the instance that was asked, and no other', () => {
    calls.start('ann', 'p', 1, { timeoutMs: 5_000 }, observer, false);
    calls.hear('west', { type: 'answer', callId: '1', data: 'wrong' });
    calls.hear('east', { type: 'answer', callId: '1', data: 'right' });
    calls.hear('east', { type: 'answered', callId: '1' });
    calls.hear('east', { type: 'answer', callId: '1', data: 'late' });
    expect(seen).toEqual(['right', 'complete']);
  });

  it('fail in time where their instance says nothing more, however long the first answer may take', async () => {
    calls.start('ann', 'p', 1, { timeoutMs: 60_000, idleTimeoutMs: 5 }, observer, false);
    calls.hear('east', { type: 'answer', callId: '1', data: 'first' });
    await until('it has failed', () => seen.length > 1);
    expect(seen).toMatchObject(['first', { code: 'DEADLINE_EXCEEDED' }]);
  });

  it('take an answer that is here before the question is told in full', () => {
    const prompt: RelayedCalls = new RelayedCalls(
      () => 'east',
      (news) => {
        if (news.type === 'call') prompt.hear('east', { type: 'answered', callId: news.callId });
      },
    );
    prompt.start('ann', 'p', 1, { timeoutMs: 5_000 }, observer, false);
    expect(seen).toEqual(['complete']);
  });

  it('all fail when that instance is gone, though the teardown of one throws', async () => {
    const { onUnhandledError } = config;
    const unheard = new Promise((resolve) => (config.onUnhandledError = resolve));
    const bad = new Error('out of tea');
    const broken = (): never => {
      throw bad;
    };
    calls.start(
      'ann',
      'p',
      1,
      { timeoutMs: 5_000 },
      { next: broken, error: broken, complete: broken },
      false,
    );
    calls.start('ann', 'p', 2, { timeoutMs: 5_000 }, observer, false);
    calls.lose('east');
    expect(seen).toEqual([expect.objectContaining({ code: 'CONNECTION_LOST' })]);
    expect(await unheard).toBe(bad);
    config.onUnhandledError = onUnhandledError;
  });

  it('fail when that instance is gone', () => {
    calls.start('ann', 'p', 1, { timeoutMs: 5_000 }, observer, false);
    calls.lose('west');
    expect(seen).toEqual([]);
    calls.lose('east');
    expect(seen).toEqual([expect.objectContaining({ code: 'CONNECTION_LOST', sent: 'maybe' })]);
  });

  it('fail where an answer is iterated over too slowly', () => {
    const handle = calls.start('ann', 'p', 1, { timeoutMs: 5_000 }, observer, true);
    for (let n = 0; n < 1_024; n += 1) calls.hear('east', { type: 'answer', callId: '1', data: n });
    handle?.taken();
    calls.hear('east', { type: 'answer', callId: '1', data: 'fits' });
    expect(seen.at(-1)).toBe('fits');
    calls.hear('east', { type: 'answer', callId: '1', data: 'too much' });
    expect(seen.at(-1)).toMatchObject({ code: 'SLOW_CONSUMER' });
    expect(published.at(-1)).toEqual({ type: 'cancel', callId: '1' });
  });

  it('are forgotten where the adapter can not tell them', () => {
    const failing = new RelayedCalls(
      () => 'east',
      () => {
        throw new Error('too long');
      },
    );
    expect(() => failing.start('ann', 'p', 1, { timeoutMs: 5_000 }, observer, false)).toThrow('too long');
    failing.lose('east');
    expect(seen).toEqual([]);
  });

  it('are not made for a signal that has fired', () => {
    const options = { timeoutMs: 5_000, signal: AbortSignal.abort() };
    expect(() => calls.start('ann', 'p', 1, options, observer, false)).toThrow(
      expect.objectContaining({ code: 'CANCELLED', sent: 'never' }),
    );
    expect(published).toEqual([]);
  });
});
