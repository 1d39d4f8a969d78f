// Does a frame's cost per byte grow with its size? Takes a 1 MiB and a 64 MiB frame to the decoder
// in chunks of 1 KiB, in turns, and compares the medians. Fails above 1.5 times.
//
//   npm run build && node bench/decoder-linearity.mjs

import { FrameDecoder } from '../libs/heartwire/dist/protocol/frame-decoder.js';
import { summary } from './statistics.mjs';

const MIB = 1_048_576;
const SMALL = MIB;
const LARGE = 64 * MIB;
const CHUNK = 1_024;
const ROUNDS = 15;
const MAX_RATIO = 1.5;

const chunks = Array.from({ length: MIB / CHUNK }, (_, i) => Buffer.alloc(CHUNK, i));

/** Takes `LARGE` bytes of payload in frames of `frameBytes` to a decoder; ns per byte. */
function run(frameBytes) {
  const decoder = new FrameDecoder(LARGE);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(frameBytes);
  let taken = 0;
  const onFrame = (_bytes, start, end) => {
    taken += end - start;
  };
  const begun = process.hrtime.bigint();
  for (let frame = 0; frame < LARGE / frameBytes; frame++) {
    decoder.push(header, onFrame);
    for (let chunk = 0; chunk < frameBytes / CHUNK; chunk++)
      decoder.push(chunks[chunk % chunks.length], onFrame);
  }
  const ns = Number(process.hrtime.bigint() - begun);
  if (taken !== LARGE) throw new Error(`${taken} bytes came out, ${LARGE} went in`);
  return ns / LARGE;
}

const small = [];
const large = [];
for (let round = -2; round < ROUNDS; round++) {
  const costs = [run(SMALL), run(LARGE)];
  if (round < 0) continue; // warming up
  small.push(costs[0]);
  large.push(costs[1]);
}
const shown = ({ median, min, max }) =>
  `${median.toFixed(3)} ns per byte (${min.toFixed(3)} to ${max.toFixed(3)})`;
const ratio = summary(large).median / summary(small).median;
console.log(` 1 MiB frames: ${shown(summary(small))}`);
console.log(`64 MiB frames: ${shown(summary(large))}`);
console.log(`ratio ${ratio.toFixed(2)}, at most ${MAX_RATIO} allowed`);
if (ratio > MAX_RATIO) process.exitCode = 1;
