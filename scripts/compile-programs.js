import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { transform } from '@swc/core';

import { swcOptions } from './swc-options.js';

// Before the tests jest has this compile whatever they may start as a process of its own: with a loader, a process takes
// twice as long to start on Node 20. It is done for each run anew, so that none of it is older than the run.

const root = resolve(import.meta.dirname, '..');
const SOURCES = ['src', 'libs/heartwire/src', 'test'];

/** Where the packages are found from it. The id of the process that it is for follows. */
const FOLDERS = join(root, 'node_modules/.heartwire-programs-');

export default async function compilePrograms() {
  await removeLeftFolders();
  const folder = await mkdtemp(`${FOLDERS}${process.pid}-`);
  // Once, however often jest runs in watch mode.
  if (process.env.HEARTWIRE_PROGRAMS === undefined) process.once('exit', removeOwnFolder);
  // `test/support/program.ts` starts them from there.
  process.env.HEARTWIRE_PROGRAMS = folder;
  const paths = await Promise.all(SOURCES.map(programsIn));
  await Promise.all([...paths.flat().map((path) => compile(path, folder)), nameLibrary(folder)]);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
}

function removeOwnFolder() {
  rmSync(process.env.HEARTWIRE_PROGRAMS, { recursive: true, force: true });
}

/** Those of runs that were killed, and of this process's last run in watch mode. */
async function removeLeftFolders() {
  const names = await readdir(dirname(FOLDERS));
  const left = names.filter((name) => {
    const [, pid] = /^\.heartwire-programs-(\d+)-/.exec(name) ?? [];
    return pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid)));
  });
  await Promise.all(left.map((name) => rm(join(dirname(FOLDERS), name), { recursive: true, force: true })));
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's runs, too.
    return error.code === 'EPERM';
  }
}

async function programsIn(folder) {
  const names = await readdir(join(root, folder), { recursive: true });
  return names.filter((name) => /(?<!spec)\.ts$/.test(name)).map((name) => join(folder, name));
}

async function compile(path, folder) {
  const filename = join(root, path);
  const { code } = await transform(await readFile(filename, 'utf8'), { ...swcOptions, filename });
  const target = join(folder, path.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}

/** What they import as `heartwire` is the library that was compiled with them. */
async function nameLibrary(folder) {
  const library = join(folder, 'libs/heartwire');
  await mkdir(library, { recursive: true });
  const { exports } = JSON.parse(await readFile(join(root, 'libs/heartwire/package.json'), 'utf8'));
  const sources = Object.entries(exports).map(([name, { default: built }]) => [
    name,
    built?.replace('./dist/', './src/'),
  ]);
  await writeFile(
    join(library, 'package.json'),
    JSON.stringify({ name: 'heartwire', type: 'module', exports: Object.fromEntries(sources) }),
  );
  await mkdir(join(folder, 'node_modules'));
  await symlink(library, join(folder, 'node_modules/heartwire'), 'junction');
}
