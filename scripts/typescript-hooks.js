import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { transformSync } from '@swc/core';

import { swcOptions } from './swc-options.js';

const sources = new URL('../libs/heartwire/src/', import.meta.url);
const entries = {
  heartwire: 'index.ts',
  'heartwire/browser': 'browser/index.ts',
  'heartwire/redis': 'redis/index.ts',
  'heartwire/testing': 'testing/index.ts',
};

/** A `.js` that a TypeScript file imports is a `.ts`. */
export function resolve(specifier, context, nextResolve) {
  const entry = entries[specifier];
  if (entry !== undefined) return nextResolve(new URL(entry, sources).href, context);
  const isFromTypeScript = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true;
  return nextResolve(isFromTypeScript ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  const { code } = transformSync(readFileSync(filename, 'utf8'), { ...swcOptions, filename });
  return { format: 'module', source: code, shortCircuit: true };
}
