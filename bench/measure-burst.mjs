import { startPair } from './pair.mjs';

const GRACE_SECONDS = 20;

/** How many calls of a burst each contestant answered, a fresh pair of processes each time. */
export async function measureBurst({ repeats, ...burst }, contestants, pinning) {
  const outcomes = Object.fromEntries(contestants.map((name) => [name, []]));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of contestants) {
      const pair = await startPair(name, pinning);
      try {
        outcomes[name].push(await pair.client.ask('burst', burst, burst.seconds + GRACE_SECONDS));
      } finally {
        await pair.stop();
      }
    }
  }
  return outcomes;
}
