import { deepStrictEqual } from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { answer } from './child.mjs';
import { watchMemory } from './memory-watch.mjs';
import { payload, records } from './payload.mjs';
import { percentiles } from './statistics.mjs';
import { uploadSource } from './upload-source.mjs';

Logger.overrideLogger(['warn', 'error']);

const contestant = await import(`./contestants/${process.argv[2]}-client.mjs`);
const peers = [];
let stopWatch;

/** Opens connections one after the other, so that no listen queue overflows. */
async function connect({ address, connections }) {
  for (let i = 0; i < connections; i++) peers.push(await contestant.connect(address));
}

/** Keeps `inFlight` calls under way for `seconds`. Returns how many a second were answered. */
async function load({ inFlight, bytes, isRecords = false, seconds }) {
  const [peer] = peers;
  const data = isRecords ? records(bytes) : payload(bytes);
  deepStrictEqual(await peer.call(data), data);

  let isRunning = true;
  let answered = 0;
  const loop = async () => {
    while (isRunning) {
      await peer.call(data);
      answered++;
      // In a short turn it would matter how long the first answers took.
      if (answered === inFlight) begunAt = performance.now();
    }
  };
  let begunAt;
  const loops = Array.from({ length: inFlight }, loop);
  await delay(seconds * 1_000);
  if (begunAt === undefined)
    throw new Error(`not ${inFlight} answers in ${seconds} s: give it more --seconds`);
  const rate = ((answered - inFlight) * 1_000) / (performance.now() - begunAt);
  isRunning = false;
  await Promise.all(loops);
  return rate;
}

/** Makes `calls` calls at once. Returns how many were answered, rightly, within `seconds`. */
async function burst({ calls, bytes, seconds }) {
  const [peer] = peers;
  const inputs = Array.from({ length: calls }, (_, n) => payload(bytes, n));
  let completed = 0;
  let firstError;
  const isTimeUp = delay(seconds * 1_000);
  const begunAt = performance.now();
  const answers = inputs.map(async (data) => {
    try {
      const { n, text } = await peer.call(data);
      if (n !== data.n || text !== data.text) throw new Error(`call ${data.n} got the answer of another`);
      completed++;
    } catch (error) {
      firstError ??= String(error);
    }
  });
  await Promise.race([Promise.all(answers), isTimeUp]);
  return { completed, firstError, ms: performance.now() - begunAt };
}

/** Uploads so many bytes. Returns how many a second arrived. */
async function upload({ bytes }) {
  const [peer] = peers;
  const begunAt = performance.now();
  const arrived = await peer.upload(uploadSource(bytes));
  const seconds = (performance.now() - begunAt) / 1_000;
  if (arrived !== bytes) throw new Error(`${arrived} of ${bytes} bytes arrived`);
  return bytes / seconds;
}

/** Small calls, one after the other, for so long; in ms each. With `bytes`, beside uploads of that size. */
async function latencies({ seconds, bytes }) {
  const [peer] = peers;
  const data = payload(50);
  const times = [];
  let isRunning = true;
  const uploads = async () => {
    while (isRunning) await peer.upload(uploadSource(bytes));
  };
  const uploading = bytes === undefined ? undefined : uploads();
  const endsAt = performance.now() + seconds * 1_000;
  while (performance.now() < endsAt) {
    const begunAt = performance.now();
    await peer.call(data);
    times.push(performance.now() - begunAt);
  }
  isRunning = false;
  await uploading;
  return percentiles(times);
}

answer({
  connect,
  load,
  burst,
  upload,
  latencies,
  beginMemoryWatch() {
    stopWatch = watchMemory();
  },
  endMemoryWatch: () => stopWatch(),
});
