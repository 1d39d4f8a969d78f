import { startPair } from './pair.mjs';

/** Time that a contestant has, beyond the round itself, to answer the calls still under way. */
const GRACE_SECONDS = 20;

/**
 * Calls per second of each contestant, round by round. The contestants take turns, and each round
 * another one begins, so that what slows the machine down for a while hits them alike. Each time with a
 * fresh pair of processes: how V8 treats a program is decided early, and may differ from run to run.
 */
export async function measureLoad(load, contestants, { rounds, warmups, seconds }, pinning) {
  const rates = Object.fromEntries(contestants.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % contestants.length;
    for (const name of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      rates[name].push(await measureOnce(load, name, warmups, seconds, pinning));
    }
  }
  return rates;
}

/** Calls per second of a contestant that has done the same for `warmups` times as long. */
async function measureOnce({ inFlight, bytes, isRecords }, contestant, warmups, seconds, pinning) {
  const pair = await startPair(contestant, pinning);
  try {
    let rate;
    for (let turn = 0; turn <= warmups; turn++) {
      rate = await pair.client.ask('load', { inFlight, bytes, isRecords, seconds }, seconds + GRACE_SECONDS);
    }
    return rate;
  } finally {
    await pair.stop();
  }
}
