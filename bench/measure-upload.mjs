import { startPair } from './pair.mjs';

const GRACE_SECONDS = 60;

/** Each round: an upload by either contestant, and how far memory rose on both ends of Heartwire. */
export async function measureUpload({ bytes, seconds }, { rounds }, pinning) {
  const results = { heartwire: [], pipe: [], clientMemory: [], serverMemory: [], alone: [], beside: [] };
  const pairs = {
    heartwire: await startPair('heartwire', pinning),
    pipe: await startPair('pipe', pinning),
  };
  try {
    // One round to warm up.
    for (let round = -1; round < rounds; round++) {
      for (const name of round % 2 === 0 ? ['heartwire', 'pipe'] : ['pipe', 'heartwire']) {
        const { server, client } = pairs[name];
        await server.ask('beginMemoryWatch');
        const { bytesPerSecond, memory } = await client.ask('upload', { bytes }, GRACE_SECONDS);
        const serverMemory = await server.ask('endMemoryWatch');
        if (round < 0) continue;
        results[name].push(bytesPerSecond);
        if (name !== 'heartwire') continue;
        results.clientMemory.push(memory);
        results.serverMemory.push(serverMemory);
      }
    }
    for (let round = 0; round < rounds; round++) {
      const { client } = pairs.heartwire;
      results.alone.push(await client.ask('latencies', { seconds }, GRACE_SECONDS));
      results.beside.push(await client.ask('latencies', { seconds, bytes }, GRACE_SECONDS));
    }
    return results;
  } finally {
    await Promise.all(Object.values(pairs).map((pair) => pair.stop()));
  }
}
