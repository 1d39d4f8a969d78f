import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { HeartwireError } from '../errors/heartwire-error.js';
import type { Resolve, ResolvedServer } from '../options/resolve.js';
import { parseUrl } from '../options/url.js';
import { Backoff } from '../timing/backoff.js';
import { NameWatch } from './name-watch.js';

const at = (...hosts: readonly string[]): ResolvedServer[] => hosts.map((host) => ({ host, port: 1 }));

/** A watch over a name that is answered with each of these in turn, and what it told. */
function watching(url: string, answers: readonly (ResolvedServer[] | Error | 'never')[]) {
  const told: string[] = [];
  let asked = 0;
  const resolve: Resolve = () => {
    const answer = answers[asked] ?? 'never';
    asked += 1;
    if (answer === 'never') return new Promise(() => undefined);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const settings = { resolve, resolveIntervalMs: 30_000, connectTimeoutMs: 5_000 };
  const backoff = new Backoff({ firstMaxMs: 100, baseMs: 50, growthMs: 100, maxMs: 5_000 }, () => 0.5);
  const watch = new NameWatch(parseUrl(url, 'client'), settings, backoff, {
    found: () => told.push(watch.replicas.map(({ key }) => key.slice('tcp://'.length)).join()),
    failed: ({ code, message }: HeartwireError) => told.push(`${code}: ${message}`),
  });
  return { watch, told, asked: () => asked };
}

const name = 'tcp://orders:1';
const outage = new Error('no name server');

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the servers behind a name', () => {
  it('are looked up now and then', async () => {
    const { watch, told } = watching(name, [at('1.1.1.1'), at('1.1.1.2', '1.1.1.3')]);
    watch.refresh();
    await jest.advanceTimersByTimeAsync(29_999);
    expect(told).toEqual(['1.1.1.1:1']);
    await jest.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['1.1.1.1:1', '1.1.1.2:1,1.1.1.3:1']);
    watch.stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are looked up once when several ask at the same time', async () => {
    const { watch, asked } = watching(name, [at('1.1.1.1'), at('1.1.1.1')]);
    watch.refresh();
    watch.refresh();
    await jest.advanceTimersByTimeAsync(0);
    expect(asked()).toBe(1);
    watch.refresh();
    await jest.advanceTimersByTimeAsync(0);
    expect(asked()).toBe(2);
    watch.stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['failed', outage, 'CONNECT_FAILED: no name server'],
    ['found nothing', [], `CONNECT_FAILED: no server is known for ${name}`],
  ])('stay what they were when a look-up %s', async (_, answer, failure) => {
    const { watch, told } = watching(name, [at('1.1.1.1'), answer, at('1.1.1.2')]);
    watch.refresh();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(told).toEqual(['1.1.1.1:1', failure]);
    expect(watch.replicas).toHaveLength(1);
    expect(watch.failures).toBe(1);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(told.at(-1)).toBe('1.1.1.2:1');
    expect(watch.failures).toBe(0);
    watch.stop();
  });

  it('are looked up again soon while none is known', async () => {
    const { watch, told } = watching(name, [outage, outage, at('1.1.1.1')]);
    watch.refresh();
    await jest.advanceTimersByTimeAsync(49);
    expect(told).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(told).toHaveLength(2);
    expect(watch.failures).toBe(2);
    expect(watch.isResolved).toBe(false);
    await jest.advanceTimersByTimeAsync(150);
    expect(told.at(-1)).toBe('1.1.1.1:1');
    watch.stop();
  });

  it('are given up on when the answer takes too long', async () => {
    const { watch, told } = watching(name, ['never', at('1.1.1.1')]);
    watch.refresh();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual(['CONNECT_TIMEOUT: tcp://orders:1 could not be looked up within 5000 ms']);
    await jest.advanceTimersByTimeAsync(50);
    expect(told).toHaveLength(2);
    watch.stop();
  });

  it('are not told any more once it has stopped', async () => {
    const { watch, told, asked } = watching(name, [at('1.1.1.1')]);
    watch.refresh();
    watch.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
    watch.refresh();
    expect(asked()).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leave nothing behind once it has stopped, though the answer never comes', () => {
    const { watch } = watching(name, ['never']);
    watch.refresh();
    watch.stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are known at once, and never looked up, where the url says where they are', async () => {
    const { watch, asked } = watching('tcp://127.0.0.1:4001', []);
    expect(watch.replicas.map(({ key }) => key)).toEqual(['tcp://127.0.0.1:4001']);
    watch.refresh();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(0);
  });
});
