import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

import { minify } from '@swc/core';
import { build, transform } from 'esbuild';

import { dropDeadMembers } from './drop-dead-members.js';
import { internalNames } from './internal-names.js';
import { leaveOutMembers } from './leave-out-members.js';

// Makes `heartwire/browser`: one small file, with RxJS left out. Names that only the library knows are shortened, and what
// is left unused goes.

const root = resolve(import.meta.dirname, '..');
const entry = 'libs/heartwire/src/browser/index.ts';
const target = 'es2022';

/** What a page downloads for it at most, in bytes. */
const MAX_GZIPPED_BYTES = 19_200;

/** What no page needs, and what stands there instead. */
const LEFT_OUT = {
  // A page has none of Node's Readables.
  'session/readable-puller.ts': 'export const isReadable = () => false; export class ReadablePuller {}',
  // Nor an AsyncLocalStorage.
  'session/iterator-puller.ts': `export function iteratorPuller(source) {
    const iterator = source[Symbol.asyncIterator]();
    return { next: async () => iterator.next(), stop: async () => iterator.return?.() };
  }`,
  // Nor Buffers: what arrives there is of one class.
  'protocol/same-class.ts': 'export const sameClass = (_, size) => new Uint8Array(size);',
  // Nor to count pongs only.
  'timing/signs-of-life.ts':
    'export class SignsOfLife { constructor({ link }) { this.link = link; } get at() { return this.link.heardAt; } answered() {} }',
  // Nobody says hello to a page; whoever does is out of turn.
  'protocol/hello-parser.ts': "export const parseHello = () => ({ kind: 'hello' });",
  // A WebSocket gives messages whole.
  'session/envelope-parts.ts': 'export const portionsOf = () => undefined;',
  // Each message has memory of its own there.
  'protocol/own-memory.ts': 'export const ownMemory = (value) => value;',
  // It is a matter of speed only.
  'protocol/json-text.ts': 'export const jsonText = JSON.stringify;',
  // It never asks for a status.
  'protocol/status-response-parser.ts':
    "export const parseStatusResponse = () => ({ kind: 'status-response' });",
};

/**
 * Members that no page's session has: it accepts no links, whose owner hears of more, has nothing that runs on, no
 * serializer, and no heartbeat that adapts.
 */
const NEVER_SET = [
  'acceptor',
  'isAccepting',
  'spoke',
  'left',
  'gate',
  'cancelCalls',
  'codec',
  'decoding',
  'isHeard',
  'adaptive',
];

const leftOut = {
  name: 'left-out',
  setup(builder) {
    for (const [file, contents] of Object.entries(LEFT_OUT)) {
      const filter = new RegExp(`/${file.replace('.', '\\.')}$`);
      builder.onLoad({ filter }, () => ({ contents, loader: 'js' }));
    }
  },
};

/**
 * Writes `index.js` into a folder that is there.
 *
 * @returns its size in bytes, as it is and gzipped
 */
async function buildBrowser(folder) {
  const settings = {
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target,
    external: ['rxjs'],
    plugins: [leftOut],
    write: false,
    // A member without a value need not be there before it gets one.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, experimentalDecorators: true } },
  };
  const { metafile } = await build({ ...settings, metafile: true });
  const names = internalNames(root, entry, Object.keys(metafile.inputs), NEVER_SET);
  const marked = Object.fromEntries(names.map((name) => [name, `$${name}`]));
  const {
    outputFiles: [bundle],
  } = await build({
    ...settings,
    minifySyntax: true,
    mangleProps: new RegExp(`^(${names.map((name) => name.replace('$', '\\$')).join('|')})$`),
    mangleCache: marked,
  });
  const neverSet = new Set(NEVER_SET.map((name) => marked[name] ?? name));
  const without = leaveOutMembers(withOneImport(bundle.text), neverSet);
  // What can't be reached any more goes, so that what only that has used is dead.
  const reachable = await transform(without, { format: 'esm', target, minifySyntax: true });
  const alive = dropDeadMembers(reachable.code, new Set(Object.values(marked)));
  const shortened = await transform(alive, { format: 'esm', target, mangleProps: /^\$/ });
  const { code } = await minify(shortened.code, {
    module: true,
    ecma: 2022,
    compress: {
      passes: 4,
      ecma: 2022,
      toplevel: true,
      unsafe_arrows: true,
      unsafe_methods: true,
      pure_getters: true,
      keep_fargs: false,
    },
    mangle: { toplevel: true },
  });
  writeFileSync(join(folder, 'index.js'), code);
  return { bytes: Buffer.byteLength(code), gzippedBytes: gzipSync(code, { level: 9 }).length };
}

/** A bundle imports a name once for each of the files that use it. */
function withOneImport(source) {
  const names = new Set();
  const aliases = [];
  const rest = source.replace(/^import \{(.*)\} from "rxjs";$/gm, (_, list) => {
    for (const each of list.split(',')) {
      const [name, alias] = each.trim().split(' as ');
      names.add(name);
      if (alias !== undefined) aliases.push(`const ${alias} = ${name};`);
    }
    return '';
  });
  return [`import { ${[...names].join(', ')} } from "rxjs";`, ...aliases, rest].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const folder = resolve(process.argv[2] ?? join(root, 'libs/heartwire/dist/browser'));
  mkdirSync(folder, { recursive: true });
  // The compiler wrote one file for each of the sources; their types stay.
  for (const name of readdirSync(folder)) if (/\.js(\.map)?$/.test(name)) rmSync(join(folder, name));
  const { bytes, gzippedBytes } = await buildBrowser(folder);
  console.log(
    `heartwire/browser: ${bytes} bytes, ${gzippedBytes} gzipped (at most ${MAX_GZIPPED_BYTES}), RxJS left out`,
  );
  if (gzippedBytes > MAX_GZIPPED_BYTES) process.exitCode = 1;
}
