import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import type * as HeartwireBrowser from 'heartwire/browser';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** `heartwire/browser` as it is published, built for a test. */
export class BrowserBundle {
  private constructor(private readonly folder: string) {}

  static async build(): Promise<BrowserBundle> {
    // Where RxJS is found from it.
    const folder = await mkdtemp(join(root, 'node_modules/.heartwire-browser-'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await run(process.execPath, [join(root, 'scripts/build-browser.js'), folder]);
    return new BrowserBundle(folder);
  }

  async load(): Promise<typeof HeartwireBrowser> {
    return (await import(join(this.folder, 'index.js'))) as typeof HeartwireBrowser;
  }

  /** Together with what of RxJS a page's script needs, as one file. Returns its path. */
  async withRxjs(): Promise<string> {
    const page = join(this.folder, 'page.js');
    const names = 'firstValueFrom, lastValueFrom';
    await writeFile(
      join(this.folder, 'entry.js'),
      `export * from './index.js';\nexport { ${names} } from 'rxjs';`,
    );
    const esbuild = join(root, 'node_modules/.bin/esbuild');
    await run(esbuild, [
      join(this.folder, 'entry.js'),
      '--bundle',
      '--format=esm',
      `--outfile=${page}`,
      '--log-level=error',
    ]);
    return page;
  }

  /** Builds the chat's page with it. Returns its folder. */
  async chatPage(): Promise<string> {
    const page = join(this.folder, 'page');
    await run(process.execPath, [join(root, 'scripts/build-page.js'), page, join(this.folder, 'index.js')]);
    return page;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
