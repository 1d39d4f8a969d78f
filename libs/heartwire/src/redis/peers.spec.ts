import { describe, expect, it } from '@jest/globals';

import { Peers } from './peers.js';

describe('the other instances', () => {
  it('are heard once, whatever comes again', () => {
    const peers = new Peers();
    const heard = [1, 2, 1, 2, 3, 3, 4].map((sequence) => peers.hear('east', sequence).isRepeated);
    expect(heard).toEqual([false, false, true, true, false, true, false]);
    expect(peers.hear('west', 4)).toMatchObject({ isRepeated: false });
  });

  it('are unknown again when something is missing, and when they were gone', () => {
    const peers = new Peers();
    const first = peers.hear('east', 5);
    if (first.isRepeated) throw new Error('it is the first');
    const { peer } = first;
    expect(first.missed).toBe(0);
    Object.assign(peer, { isKnown: true, isAsked: true });
    expect(peers.hear('east', 6)).toMatchObject({ missed: 0, peer: { isKnown: true } });
    expect(peers.hear('east', 9)).toMatchObject({ missed: 2, peer: { isKnown: false, isAsked: false } });
    Object.assign(peer, { isKnown: true, isGone: true });
    expect(peers.hear('east', 10)).toMatchObject({ missed: 0, peer: { isKnown: false, isGone: false } });
    expect(peers.hear('east', 10)).toEqual({ isRepeated: true });
  });

  it('are no more than can be remembered: who was heard longest ago goes', () => {
    const peers = new Peers();
    for (let n = 0; n < 1_024; n += 1) peers.hear(String(n), 1);
    peers.hear('0', 2);
    expect(peers.crowdedOut()).toBeUndefined();
    peers.hear('one more', 1);
    expect(peers.crowdedOut()).toMatchObject({ name: '1' });
    expect(peers.crowdedOut()).toBeUndefined();
  });
});
