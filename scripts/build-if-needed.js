import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

process.chdir(resolve(import.meta.dirname, '..'));

const inputs = [
  'src',
  'libs/heartwire/src',
  'libs/heartwire/package.json',
  'libs/heartwire/tsconfig.lib.json',
  'nest-cli.json',
  'scripts/build-browser.js',
  'scripts/build-page.js',
  'scripts/drop-dead-members.js',
  'scripts/internal-names.js',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const outputs = ['libs/heartwire/dist/index.js', 'dist/main.js', 'dist/page/page.js'];
const lock = 'node_modules/.heartwire-build.lock';

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The last change below `path`; a folder's own time tells of files that were removed. */
function lastChange(path) {
  const stats = statSync(path);
  const below = stats.isDirectory() ? readdirSync(path).map((name) => lastChange(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...below);
}

const isBuilt = () => Math.min(...outputs.map(changedAt)) > Math.max(...inputs.map(lastChange));

/** Takes the lock, or tells the process that holds it; the lock of a process that is gone is removed. */
function lockHolder() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return undefined;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = Number(readFileSync(lock, 'utf8'));
  try {
    process.kill(holder, 0);
  } catch {
    rmSync(lock, { force: true });
  }
  return holder;
}

// `start:chat` and `start:gateway` may be started at once; a build empties dist, so only one may build.
let waitsFor;
while (!isBuilt()) {
  const holder = lockHolder();
  if (holder !== undefined) {
    if (holder !== waitsFor) console.error(`Waiting for the build of process ${holder} (${lock})`);
    waitsFor = holder;
    await delay(200);
    continue;
  }
  const { status } = spawnSync('npm run build', { shell: true, stdio: 'inherit' });
  rmSync(lock, { force: true });
  process.exitCode = status ?? 1;
  break;
}
