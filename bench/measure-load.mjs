import { startPair } from './pair.mjs';

/** Time that a contestant has, beyond the round itself, to answer the calls still under way. */
const GRACE_SECONDS = 20;

/**
 * Calls per second of each contestant, round by round. The contestants take turns, and each round
 * another one begins, so that what slows the machine down for a while hits them alike.
 */
export async function measureLoad({ inFlight, bytes }, contestants, { rounds, warmups, seconds }, pinning) {
  const rates = Object.fromEntries(contestants.map((name) => [name, []]));
  const pairs = {};
  try {
    for (const name of contestants) pairs[name] = await startPair(name, pinning);
    for (let round = -warmups; round < rounds; round++) {
      const first = (round + warmups) % contestants.length;
      for (const name of [...contestants.slice(first), ...contestants.slice(0, first)]) {
        const rate = await pairs[name].client.ask(
          'load',
          { inFlight, bytes, seconds },
          seconds + GRACE_SECONDS,
        );
        if (round >= 0) rates[name].push(rate);
      }
    }
    return rates;
  } finally {
    await Promise.all(Object.values(pairs).map((pair) => pair.stop()));
  }
}
