import { spawnSync } from 'node:child_process';

// The whole test run on every Node.js line that the package supports beside the one at hand.
const lines = [22, 24, 26];
const failed = lines.filter((line) => {
  console.log(`\n==> Node.js ${line}`);
  return spawnSync(`npx -y -p node@${line} -- npm test`, { shell: true, stdio: 'inherit' }).status !== 0;
});

if (failed.length > 0) {
  console.error(`\nFailed on Node.js ${failed.join(', ')}`);
  process.exitCode = 1;
}
