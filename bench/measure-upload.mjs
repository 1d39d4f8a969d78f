import { startPair } from './pair.mjs';

const GRACE_SECONDS = 60;
/** Uploads before those that count. */
const WARMUPS = 2;

/** Uploads by either contestant in turn, small calls beside uploads, and how far memory rose on both ends of Heartwire. */
export async function measureUpload({ bytes, seconds }, { rounds }, pinning) {
  const pairs = {
    heartwire: await startPair('heartwire', pinning),
    pipe: await startPair('pipe', pinning),
  };
  try {
    const speeds = await measureSpeeds(pairs, bytes, rounds);
    const latencies = await measureLatencies(pairs.heartwire, bytes, seconds, rounds);
    // Last, as it makes V8 collect all garbage: what runs behind that is slower for a while.
    const memory = await measureMemory(pairs.heartwire, bytes, rounds);
    return { ...speeds, ...latencies, ...memory };
  } finally {
    await Promise.all(Object.values(pairs).map((pair) => pair.stop()));
  }
}

async function measureSpeeds(pairs, bytes, rounds) {
  const speeds = { heartwire: [], pipe: [] };
  for (let round = -WARMUPS; round < rounds; round++) {
    for (const name of round % 2 === 0 ? ['heartwire', 'pipe'] : ['pipe', 'heartwire']) {
      const speed = await pairs[name].client.ask('upload', { bytes }, GRACE_SECONDS);
      if (round >= 0) speeds[name].push(speed);
    }
  }
  return speeds;
}

async function measureLatencies({ client }, bytes, seconds, rounds) {
  const alone = [];
  const beside = [];
  for (let round = 0; round < rounds; round++) {
    alone.push(await client.ask('latencies', { seconds }, GRACE_SECONDS));
    beside.push(await client.ask('latencies', { seconds, bytes }, GRACE_SECONDS));
  }
  return { alone, beside };
}

async function measureMemory({ client, server }, bytes, rounds) {
  const clientMemory = [];
  const serverMemory = [];
  for (let round = 0; round < rounds; round++) {
    for (const end of [client, server]) await end.ask('beginMemoryWatch');
    await client.ask('upload', { bytes }, GRACE_SECONDS);
    clientMemory.push(await client.ask('endMemoryWatch'));
    serverMemory.push(await server.ask('endMemoryWatch'));
  }
  return { clientMemory, serverMemory };
}
