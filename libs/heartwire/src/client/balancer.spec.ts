import { describe, expect, it } from '@jest/globals';

import { balancer, type Candidate } from './balancer.js';

const loaded = (...loads: readonly number[]): Candidate[] =>
  loads.map((load, index) => ({ key: `tcp://10.0.0.${String(index + 1)}:4001`, load }));

/** A generator of numbers that look random and are the same in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const keys = Array.from({ length: 3_000 }, (_, index) => `tenant ${String(index)}`);

describe('power of two choices', () => {
  it('takes the one with less to do of any two', () => {
    const pick = balancer('power-of-two', seeded(1));
    const candidates = loaded(5, 3, 9);
    const picked = new Set(Array.from({ length: 200 }, () => pick(candidates, '').load));
    expect(picked).toEqual(new Set([5, 3]));
  });

  it('spreads what is equal', () => {
    const pick = balancer('power-of-two', seeded(2));
    const candidates = loaded(0, 0, 0, 0);
    const counts = new Map(candidates.map(({ key }) => [key, 0]));
    for (let call = 0; call < 4_000; call += 1) {
      const { key } = pick(candidates, '');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeGreaterThan(800);
  });

  it('keeps loads close together when calls don’t end', () => {
    const pick = balancer('power-of-two', seeded(3));
    const candidates = Array.from({ length: 8 }, (_, index) => ({ key: String(index), load: 0 }));
    for (let call = 0; call < 8_000; call += 1) pick(candidates, '').load += 1;
    const loads = candidates.map(({ load }) => load);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(10);
  });

  it.each([0, 0.5, 0.999_999])('takes the only one there is, whatever chance says (%p)', (chance) => {
    expect(balancer('power-of-two', () => chance)(loaded(7), '').load).toBe(7);
  });
});

describe('the other ways', () => {
  it('round-robin goes round, also when the number of servers changes', () => {
    const pick = balancer('round-robin', Math.random);
    const three = loaded(0, 1, 2);
    expect(Array.from({ length: 6 }, () => pick(three, '').load).sort()).toEqual([0, 0, 1, 1, 2, 2]);
    expect(pick(loaded(4), '').load).toBe(4);
    expect(Array.from({ length: 4 }, () => pick(loaded(0, 1), '').load).sort()).toEqual([0, 0, 1, 1]);
  });

  it('least-loaded takes the one with the least to do, the first of equals', () => {
    const pick = balancer('least-loaded', Math.random);
    expect(pick(loaded(3, 1, 2), '').load).toBe(1);
    expect(pick(loaded(1, 1), '').key).toBe('tcp://10.0.0.1:4001');
  });

  it('first takes the first', () => {
    expect(balancer('first', Math.random)(loaded(9, 0), '').load).toBe(9);
  });
});

describe('by key', () => {
  const pick = balancer({ key: () => '' }, Math.random);
  const four = loaded(0, 0, 0, 0);

  it('gives one key to one server, whatever their order and load', () => {
    const others = loaded(9, 8, 7, 6).reverse();
    for (const key of keys) expect(pick(others, key).key).toBe(pick(four, key).key);
  });

  it('spreads keys evenly', () => {
    const counts = new Map<string, number>();
    for (const key of keys) counts.set(pick(four, key).key, (counts.get(pick(four, key).key) ?? 0) + 1);
    expect(counts.size).toBe(4);
    for (const count of counts.values()) expect(Math.abs(count - 750)).toBeLessThan(120);
  });

  it('moves only the keys of a server that goes', () => {
    const [gone, ...rest] = four;
    for (const key of keys) {
      const before = pick(four, key).key;
      if (before !== gone?.key) expect(pick(rest, key).key).toBe(before);
    }
  });
});
