import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { it } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where a browser is on this machine. */
const executablePath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find(isExecutable);

/** Why no browser can be had; `undefined` when one can. */
export const whyNoBrowser =
  executablePath === undefined ? `no browser is here: none of ${NAMES.join(', ')}` : undefined;

if (whyNoBrowser !== undefined && process.env['HEARTWIRE_NEEDS_BROWSER'] === '1') {
  it('needs a browser, as HEARTWIRE_NEEDS_BROWSER says', () => {
    throw new Error(whyNoBrowser);
  });
}

/** Starts a browser without a window. To be closed by who asked for it. */
export function startBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(whyNoBrowser);
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
