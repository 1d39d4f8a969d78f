import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '../..');
const loader = pathToFileURL(join(root, 'scripts/typescript.js')).href;
/** Where jest has had them compiled; the scripts that are run without it have not. */
const compiled = process.env['HEARTWIRE_PROGRAMS'];

/** What Node is started with to load TypeScript files. */
export const loaderArguments: readonly string[] = compiled === undefined ? ['--import', loader] : [];

/** What Node is given to run a TypeScript file of the project, named from its top. */
export function program(path: string): string {
  return compiled === undefined ? join(root, path) : join(compiled, path.replace(/\.ts$/, '.js'));
}
