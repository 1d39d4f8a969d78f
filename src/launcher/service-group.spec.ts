import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ServiceGroup } from './service-group.js';

const ready = `process.send({ ready: 'somewhere' });`;
const stayUntilSignal = `setInterval(() => {}, 1_000); process.once('SIGTERM', () => { console.log('bye'); process.kill(process.pid, 'SIGTERM'); });`;

describe('a group of services', () => {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let folder: string;
  let group: ServiceGroup;

  const print = (line: string): void => {
    lines.push(line);
    for (const wake of waiting) wake();
    waiting.clear();
  };

  const printed = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await new Promise<void>((resolve) => waiting.add(resolve));
  };

  async function start(name: string, source: string): Promise<{ address: string; pid: number }> {
    const path = join(folder, `${name}.mjs`);
    await writeFile(path, source);
    return group.start(name, path, { PATH: process.env.PATH });
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heartwire-services-'));
    group = new ServiceGroup(print);
    lines.length = 0;
  });

  afterEach(async () => {
    group.stop('SIGKILL');
    await group.ended();
    await rm(folder, { recursive: true, force: true });
  });

  it('passes on what each says, under its name', async () => {
    await start('one', `${ready} console.log('hello\\nworld'); console.error('oh');`);
    await group.ended();

    expect(lines).toEqual(expect.arrayContaining(['one     | hello', 'one     | world', 'one     | oh']));
  });

  it('tells where a service listens, and who it is', async () => {
    const { address, pid } = await start('one', `${ready} ${stayUntilSignal}`);

    expect(address).toBe('somewhere');
    expect(process.kill(pid, 0)).toBe(true);
  });

  it('stops them all with a signal, hears their last words, and counts that as success', async () => {
    await start('one', `${stayUntilSignal} ${ready}`);
    await start('two', `${stayUntilSignal} ${ready}`);
    group.stop('SIGTERM');

    expect(await group.ended()).toBe(0);
    expect(lines.sort()).toEqual(['one     | bye', 'two     | bye']);
  });

  it('starts none any more once it is told to stop', async () => {
    await start('one', `${stayUntilSignal} ${ready}`);
    group.stop('SIGTERM');

    await expect(start('two', `${stayUntilSignal} ${ready}`)).rejects.toThrow('two is not started');
    expect(await group.ended()).toBe(0);
    expect(lines).toEqual(['one     | bye']);
  });

  it('lets the others go on when one dies', async () => {
    const one = await start('one', `${stayUntilSignal} ${ready}`);
    const two = await start('two', `${stayUntilSignal} ${ready}`);
    process.kill(one.pid, 'SIGKILL');
    await printed('one has ended (SIGKILL)');

    expect(process.kill(two.pid, 0)).toBe(true);
    group.stop('SIGTERM');
    expect(await group.ended()).toBe(1);
  });

  it('says so when a service ends before it is ready', async () => {
    await expect(start('one', `console.error('no port'); process.exitCode = 3;`)).rejects.toThrow(
      'one ended before it was ready (exit code 3)',
    );
    expect(lines).toEqual(['one     | no port']);
    expect(await group.ended()).toBe(1);
  });

  it('waits no longer than until all have stopped', async () => {
    await start('one', `${stayUntilSignal} ${ready}`);
    jest.useFakeTimers();
    try {
      group.stop('SIGTERM');
      expect(jest.getTimerCount()).toBe(1);
      await group.ended();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('kills what does not stop', async () => {
    group = new ServiceGroup(print, 50);
    await start('one', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1_000); ${ready}`);
    group.stop('SIGTERM');

    expect(await group.ended()).toBe(1);
    expect(lines).toEqual(['Still running after 50 ms: killing what is left']);
  });
});
