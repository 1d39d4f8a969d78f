import { spawnSync } from 'node:child_process';

// `npm install` on one platform can drop the optional binaries of the others from the lockfile without a word;
// `npm ci` then fails on a fresh machine. A dry run tells.
const { status, stdout, stderr } = spawnSync('npm ci --dry-run', { shell: true, encoding: 'utf8' });
const missing = `${stdout}\n${stderr}`.split('\n').filter((line) => line.includes('Missing'));

if (missing.length > 0) {
  console.error(`package-lock.json lacks what npm ci needs:\n${missing.join('\n')}`);
  process.exitCode = 1;
} else if (status !== 0) {
  console.error(stderr);
  process.exitCode = 1;
}
