import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { transform } from '@swc/core';

import { swcOptions } from './swc-options.js';

// Before the tests jest has this compile whatever they may start as a process of its own: with a loader, a process takes
// twice as long to start on Node 20. It is done for each run anew, so that none of it is older than the run.

const root = resolve(import.meta.dirname, '..');
const SOURCES = ['src', 'libs/heartwire/src', 'test'];

export default async function compilePrograms() {
  // Where the packages are found from it.
  const folder = await mkdtemp(join(root, 'node_modules/.heartwire-programs-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const paths = await Promise.all(SOURCES.map(programsIn));
  await Promise.all([...paths.flat().map((path) => compile(path, folder)), nameLibrary(folder)]);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  // `test/support/program.ts` starts them from there.
  process.env.HEARTWIRE_PROGRAMS = folder;
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
