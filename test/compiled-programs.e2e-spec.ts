import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const script = pathToFileURL(join(root, 'scripts/compile-programs.js')).href;

/** A run of the tests as far as this goes, twice as in watch mode. @returns its process's id */
async function run(lastDeed: string): Promise<number | undefined> {
  const code = `import compile from '${script}'; await compile(); await compile(); ${lastDeed}`;
  const env = { PATH: process.env['PATH'] };
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env, stdio: 'inherit' });
  await once(child, 'exit');
  return child.pid;
}

const foldersOf = async (pid: number | undefined): Promise<readonly string[]> =>
  (await readdir(join(root, 'node_modules'))).filter((name) =>
    name.startsWith(`.heartwire-programs-${String(pid)}-`),
  );

describe('the folder of the programs that tests start', () => {
  it('goes with its run, or with the next one when that was killed', async () => {
    const killed = await run(`process.kill(process.pid, 'SIGKILL')`);
    expect(await foldersOf(killed)).toHaveLength(1);
    const next = await run('');
    expect([...(await foldersOf(killed)), ...(await foldersOf(next))]).toEqual([]);
    // Not that of a run that goes on: this one's.
    expect(await readdir(String(process.env['HEARTWIRE_PROGRAMS']))).toContain('test');
  });
});
