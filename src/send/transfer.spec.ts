import { describe, expect, it } from '@jest/globals';

import { shownBytes, shownSeconds } from './figures.js';
import { Transfer } from './transfer.js';

const MIB = 1_024 ** 2;

describe('a transfer', () => {
  it('shows its speed and the time that is left', () => {
    const transfer = new Transfer('a', 10 * MIB);
    expect(transfer.figures).toBe('0 B of 10.0 MiB');
    transfer.moved(0, 1_000);
    expect(transfer.figures).toBe('0 B of 10.0 MiB');
    transfer.moved(2 * MIB, 2_000);
    expect(transfer.figures).toBe('2.0 MiB of 10.0 MiB, 2.0 MiB/s, 4 s left');
    expect(transfer.percent).toBe(20);
  });

  it('shows how fast it has been lately, and not how fast it once was', () => {
    const transfer = new Transfer('a', 1_000 * MIB);
    let received = 0;
    for (let second = 0; second <= 60; second += 1) {
      received += (second < 30 ? 10 : 1) * MIB;
      transfer.moved(received, second * 1_000);
    }
    expect(transfer.figures).toMatch(/, 1\.0 MiB\/s, /);
  });

  it('that stands still does not say when it will be done', () => {
    const transfer = new Transfer('a', 10 * MIB);
    transfer.moved(MIB, 0);
    transfer.moved(MIB, 1_000);
    expect(transfer.figures).toBe('1.0 MiB of 10.0 MiB, 0 B/s');
  });

  it('of an empty file is done, and a file that has grown is not more than done', () => {
    expect(new Transfer('a', 0).percent).toBe(100);
    const transfer = new Transfer('a', 10);
    transfer.moved(20, 0);
    expect(transfer.percent).toBe(100);
  });
});

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [MIB - 1, '1.0 MiB'],
    [1.5 * MIB, '1.5 MiB'],
    [1_024 ** 4, '1.0 TiB'],
    [1_024 ** 5, '1024.0 TiB'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(shownBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 s'],
    [0.2, '1 s'],
    [59.5, '1 min 0 s'],
    [125, '2 min 5 s'],
    [12_000, '3 h 20 min'],
  ])('%s seconds are %s', (seconds, text) => {
    expect(shownSeconds(seconds)).toBe(text);
  });
});
