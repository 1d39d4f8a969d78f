import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { build } from 'esbuild';

// Makes the chat's page: its script and its style, each one file, and what is taken as it is.
//   node scripts/build-page.js [FOLDER] [FILE OF heartwire/browser]

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'src/page');
const folder = resolve(process.argv[2] ?? join(root, 'dist/page'));
const heartwire = resolve(process.argv[3] ?? join(root, 'libs/heartwire/dist/browser/index.js'));

mkdirSync(folder, { recursive: true });
await build({
  entryPoints: { page: join(source, 'main.ts'), style: join(source, 'page.css') },
  outdir: folder,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: 'linked',
  // As it is published.
  alias: { 'heartwire/browser': heartwire },
  logLevel: 'warning',
});
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(source, name), join(folder, name));
