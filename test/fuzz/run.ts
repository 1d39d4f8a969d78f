// npm run fuzz -- [--seconds 60] [--seed 1]

import { parseArgs } from 'node:util';

import { Logger } from '@nestjs/common';

import { fuzz } from './fuzz.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.trunc(Math.random() * 2 ** 31)) },
  },
});
Logger.overrideLogger(['warn', 'error']);

const seed = Number(values.seed);
const endsAt = performance.now() + Number(values.seconds) * 1_000;
const MAX_GROWN_BYTES = 8 * 1_024 ** 2;

process.stdout.write(`seed ${seed}, for ${values.seconds} s\n`);
const { connections, grownBytes } = await fuzz({ seed, goesOn: () => performance.now() < endsAt });
process.stdout.write(
  `${connections} connections; the server holds ${grownBytes} bytes more than when it was warm\n`,
);
if (grownBytes > MAX_GROWN_BYTES)
  throw new Error(`that is more than ${MAX_GROWN_BYTES} bytes, with seed ${seed}`);
