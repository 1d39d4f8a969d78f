import { startPair } from './pair.mjs';

/** Time that a contestant has, beyond its turn itself, to answer the calls still under way. */
const GRACE_SECONDS = 20;

/** A round has so many turns of each contestant: what slows the machine down for a while hits them alike. */
const TURNS = 6;

/**
 * Calls per second of each contestant, round by round. In a round the contestants take short turns, and another one
 * begins with each. Each round has fresh pairs of processes: how V8 treats a program is decided early, and may differ
 * from run to run.
 */
export async function measureLoad(load, contestants, { rounds, warmups, seconds }, pinning) {
  const rates = Object.fromEntries(contestants.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const measured = await measureRound(load, contestants, { warmups, seconds }, pinning);
    for (const name of contestants) rates[name].push(measured[name]);
  }
  return rates;
}

/** Calls per second of each contestant, after it has done the same for `warmups` times as long. */
async function measureRound({ inFlight, bytes, isRecords }, contestants, { warmups, seconds }, pinning) {
  const pairs = new Map();
  const rateOf = (name, length) =>
    pairs
      .get(name)
      .client.ask('load', { inFlight, bytes, isRecords, seconds: length }, length + GRACE_SECONDS);
  const rates = Object.fromEntries(contestants.map((name) => [name, 0]));
  try {
    for (const name of contestants) {
      pairs.set(name, await startPair(name, pinning));
      if (warmups > 0) await rateOf(name, seconds * warmups);
    }
    for (let turn = 0; turn < TURNS; turn++) {
      const first = turn % contestants.length;
      for (const name of [...contestants.slice(first), ...contestants.slice(0, first)]) {
        rates[name] += (await rateOf(name, seconds / TURNS)) / TURNS;
      }
    }
    return rates;
  } finally {
    for (const pair of pairs.values()) await pair.stop();
  }
}
