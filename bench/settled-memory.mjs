import { setTimeout as delay } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';

const POLL_MS = 50;
const CALM_BYTES = 65_536;
const CALM_READINGS = 5;
const MAX_READINGS = 100;

/** Memory of this process once collecting garbage no longer changes it. */
export async function settledMemory() {
  let last = { rss: 0 };
  for (let calm = 0, readings = 0; calm < CALM_READINGS && readings < MAX_READINGS; readings++) {
    globalThis.gc();
    const memory = process.memoryUsage();
    calm = Math.abs(memory.rss - last.rss) < CALM_BYTES ? calm + 1 : 0;
    last = memory;
    await delay(POLL_MS);
  }
  return { resident: last.rss, young: youngGeneration(), heap: last.heapUsed + last.external };
}

/** What V8 holds for new objects: 1 to 32 MiB, as it sees fit, however many live. */
function youngGeneration() {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').physical_space_size;
}
