import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

// What can be told of the code without running it: two checks at a time, and all of them, whichever fails.

process.chdir(resolve(import.meta.dirname, '..'));

// Linting takes as long as all the others.
const waiting = ['lint', 'types', 'format:check', 'arch', 'lockfile:check', 'compose:check'];
const failed = [];

/** Its output is shown as one piece, once it is all there. */
async function run(check) {
  const child = spawn(`npm run --silent ${check} 2>&1`, {
    shell: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = [];
  child.stdout.setEncoding('utf8').on('data', (text) => output.push(text));
  const [code] = await once(child, 'close');
  const isPassed = code === 0;
  console.log(`\n==> ${check}: ${isPassed ? 'passed' : 'FAILED'}\n${output.join('').trim()}`);
  if (!isPassed) failed.push(check);
}

async function runOneAfterTheOther() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) await run(check);
}

await Promise.all([runOneAfterTheOther(), runOneAfterTheOther()]);
if (failed.length > 0) {
  console.error(`\nFAILED: ${failed.join(', ')}`);
  process.exitCode = 1;
}
