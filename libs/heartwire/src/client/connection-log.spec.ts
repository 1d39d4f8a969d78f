import { beforeEach, describe, expect, it } from '@jest/globals';

import { connectionClosed } from '../session/reasons.js';
import { ConnectionLog } from './connection-log.js';

describe('the log of one connection', () => {
  let now: number;
  let lines: string[];
  let log: ConnectionLog;

  beforeEach(() => {
    now = 0;
    lines = [];
    const note = (line: string): number => lines.push(line);
    log = new ConnectionLog({ log: note, warn: note }, 'tcp://a:1', { now: () => now });
  });

  const reason = connectionClosed('by the other end');
  const said = (start: string): number => lines.filter((line) => line.startsWith(start)).length;
  const flap = (times: number, tries = 1): void => {
    for (let n = 0; n < times; n++) {
      log.lost(reason);
      if (tries > 1) log.attemptFailed(reason);
      log.connected('tcp://1.2.3.4:1', 10, tries);
      now += 50;
    }
  };

  it('tells each time that it is lost, and back', () => {
    flap(3);
    expect([said('Lost'), said('Connected')]).toEqual([3, 3]);
    expect(lines.join()).not.toContain('again');
  });

  it('tells ten times in half a minute of one that comes and goes, the last time that there is more', () => {
    flap(300);
    expect([said('Lost'), said('Connected')]).toEqual([10, 10]);
    expect(lines.filter((line) => line.includes('again and again'))).toEqual([lines.at(-2)]);
    now = 30_000;
    flap(300);
    expect([said('Lost'), said('Connected')]).toEqual([20, 20]);
  });

  it('is no longer where each time an attempt fails, too, or the server goes away in order', () => {
    flap(300, 2);
    for (let n = 0; n < 300; n++) log.goaway('restart');
    // One more warning, which isn't followed by another in half a minute.
    expect(lines.length).toBeLessThan(35);
  });

  it('tells that it is back whenever it has told that it is away', () => {
    flap(300);
    log.lost(reason);
    expect(lines.at(-1)).toMatch(/^Connected/);
    now += 30_000;
    log.attemptFailed(reason);
    expect(lines.at(-1)).toMatch(/^No connection/);
    log.connected('tcp://1.2.3.4:1', 30_000, 2);
    expect(lines.at(-1)).toMatch(/^Connected/);
  });
});
