import { startPair } from './pair.mjs';
import { summary } from './statistics.mjs';

const GRACE_SECONDS = 60;
/** Uploads before those that count. */
const WARMUPS = 2;
/** Uploads of either contestant by one pair of processes. */
const REPEATS = 3;

/**
 * Uploads by either contestant in turn, small calls beside uploads, and how far memory rose on both ends of Heartwire.
 * Fresh processes each time: how quick a process is with large buffers is settled by where its memory happens to lie, and
 * stays so for as long as it lives.
 */
export async function measureUpload({ bytes, seconds, pairs }, pinning) {
  const measured = { heartwire: [], pipe: [], alone: [], beside: [], clientMemory: [], serverMemory: [] };
  for (let count = 0; count < pairs; count++) {
    const outcome = await measureOnce(bytes, seconds, pinning);
    for (const [name, values] of Object.entries(measured)) values.push(outcome[name]);
  }
  return measured;
}

async function measureOnce(bytes, seconds, pinning) {
  const heartwire = await startPair('heartwire', pinning);
  const pipe = await startPair('pipe', pinning);
  try {
    const speeds = await measureSpeeds({ heartwire, pipe }, bytes);
    const alone = await heartwire.client.ask('latencies', { seconds }, GRACE_SECONDS);
    const beside = await heartwire.client.ask('latencies', { seconds, bytes }, GRACE_SECONDS);
    // Last, as it makes V8 collect all garbage: what runs behind that is slower for a while.
    return { ...speeds, alone, beside, ...(await measureMemory(heartwire, bytes)) };
  } finally {
    await Promise.all([heartwire.stop(), pipe.stop()]);
  }
}

async function measureSpeeds(pairs, bytes) {
  const speeds = { heartwire: [], pipe: [] };
  for (let turn = -WARMUPS; turn < REPEATS; turn++) {
    for (const name of turn % 2 === 0 ? ['heartwire', 'pipe'] : ['pipe', 'heartwire']) {
      const speed = await pairs[name].client.ask('upload', { bytes }, GRACE_SECONDS);
      if (turn >= 0) speeds[name].push(speed);
    }
  }
  return { heartwire: summary(speeds.heartwire).median, pipe: summary(speeds.pipe).median };
}

async function measureMemory({ client, server }, bytes) {
  for (const end of [client, server]) await end.ask('beginMemoryWatch');
  await client.ask('upload', { bytes }, GRACE_SECONDS);
  return {
    clientMemory: await client.ask('endMemoryWatch'),
    serverMemory: await server.ask('endMemoryWatch'),
  };
}
