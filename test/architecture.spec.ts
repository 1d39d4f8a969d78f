import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

/** To read all sources takes a busy machine a while. */
jest.setTimeout(180_000);

const root = resolve(import.meta.dirname, '..');
const config = join(root, '.dependency-cruiser.cjs');
const { forbidden } = createRequire(import.meta.url)(config) as { forbidden: readonly { name: string }[] };

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

interface Cruise {
  readonly summary: { readonly totalCruised: number; readonly violations: readonly Violation[] };
}

/** Runs dependency-cruiser with the project's rules over the tree at `directory`. */
async function cruise(directory: string): Promise<Cruise['summary']> {
  const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [cli, 'libs/heartwire/src', 'src', '--config', config, '--output-type', 'json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: directory,
    maxBuffer: 64 * 2 ** 20,
  });
  return (JSON.parse(stdout) as Cruise).summary;
}

const shown = ({ rule, from, to }: Violation): string => `${rule.name}: ${from} → ${to}`;

/** One import that must be refused: by which rule, in which file, and what the file says. Names without a folder are the library's. */
const refused: readonly (readonly [rule: string, file: string, source: string])[] = [
  ['protocol-imports-only-what-is-below', 'protocol/a.ts', `import '../errors/leaf.js';`],
  ['protocol-imports-only-what-is-below', 'protocol/b.ts', `import type { Leaf } from '../timing/leaf.js';`],
  ['protocol-imports-only-what-is-below', 'protocol/c.ts', `import '../session/leaf.js';`],
  ['errors-imports-only-what-is-below', 'errors/a.ts', `import '../protocol/leaf.js';`],
  ['errors-imports-only-what-is-below', 'errors/b.ts', `import '../timing/leaf.js';`],
  ['timing-imports-only-what-is-below', 'timing/a.ts', `import '../errors/leaf.js';`],
  ['timing-imports-only-what-is-below', 'timing/b.ts', `import '../options/leaf.js';`],
  ['options-imports-only-what-is-below', 'options/a.ts', `import '../link/leaf.js';`],
  ['options-imports-only-what-is-below', 'options/b.ts', `import '../session/leaf.js';`],
  ['link-imports-only-what-is-below', 'link/a.ts', `import '../options/leaf.js';`],
  ['link-imports-only-what-is-below', 'link/b.ts', `import '../session/leaf.js';`],
  ['session-imports-only-what-is-below', 'session/a.ts', `import '../client/leaf.js';`],
  ['session-imports-only-what-is-below', 'session/b.ts', `import type { Leaf } from '../server/leaf.js';`],
  ['client-imports-only-what-is-below', 'client/a.ts', `import '../server/leaf.js';`],
  ['client-imports-only-what-is-below', 'client/b.ts', `import '../nest/leaf.js';`],
  ['server-imports-only-what-is-below', 'server/a.ts', `import '../client/leaf.js';`],
  ['server-imports-only-what-is-below', 'server/b.ts', `import '../nest/leaf.js';`],
  ['browser-imports-only-what-is-below', 'browser/a.ts', `import '../client/leaf.js';`],
  ['browser-imports-only-what-is-below', 'browser/b.ts', `import type { Leaf } from '../server/leaf.js';`],
  ['browser-takes-types-of-options-and-link', 'browser/c.ts', `import '../options/leaf.js';`],
  ['nest-imports-only-what-is-below', 'nest/e.ts', `import '../browser/leaf.js';`],
  ['nest-imports-only-what-is-below', 'nest/a.ts', `import '../testing/leaf.js';`],
  ['nest-imports-only-what-is-below', 'nest/d.ts', `import '../redis/leaf.js';`],
  ['redis-imports-only-what-is-below', 'redis/a.ts', `import '../server/leaf.js';`],
  ['redis-imports-only-what-is-below', 'redis/b.ts', `import type { Address } from '../options/address.js';`],
  ['ioredis-only-in-redis', 'server/i.ts', `import 'ioredis';`],
  ['testing-is-for-tests', 'session/c.ts', `import '../testing/leaf.js';`],
  ['testing-is-for-tests', 'src/a.ts', `import '../libs/heartwire/src/testing/leaf.js';`],
  ['testing-is-for-tests', 'src/f.ts', `import 'heartwire/testing';`],
  ['index-is-for-users', 'server/c.ts', `import '../index.js';`],
  ['index-is-for-users', 'testing/a.ts', `import './index.js';`],
  ['browser-code-imports-no-node', 'protocol/d.ts', `import 'node:buffer';`],
  ['browser-code-imports-no-node', 'errors/c.ts', `import 'node:util';`],
  ['browser-code-imports-no-node', 'timing/c.ts', `import 'node:perf_hooks';`],
  ['browser-code-imports-no-node', 'session/d.ts', `import type { EventEmitter } from 'events';`],
  ['browser-code-imports-no-node', 'browser/d.ts', `import 'node:util';`],
  ['browser-code-reaches-no-node', 'session/e.ts', `import '../link/carrier.js';`],
  ['protocol-and-errors-import-no-package', 'protocol/e.ts', `import 'rxjs';`],
  ['protocol-and-errors-import-no-package', 'errors/d.ts', `import 'class-validator';`],
  ['timing-session-and-browser-import-only-rxjs', 'timing/d.ts', `import 'class-validator';`],
  ['timing-session-and-browser-import-only-rxjs', 'browser/e.ts', `import 'ws';`],
  [
    'timing-session-and-browser-import-only-rxjs',
    'session/f.ts',
    `import type { Server } from '@nestjs/microservices';`,
  ],
  ['sockets-only-in-link-and-listener', 'server/d.ts', `import 'node:net';`],
  ['sockets-only-in-link-and-listener', 'client/c.ts', `import type { TLSSocket } from 'tls';`],
  ['sockets-only-in-link-and-listener', 'server/heartwire.server.ts', `import 'ws';`],
  ['sockets-only-in-link-and-listener', 'client/e.ts', `import 'node:http';`],
  ['nest-only-at-the-edge', 'server/e.ts', `import '@nestjs/common';`],
  ['nest-only-at-the-edge', 'client/d.ts', `import type { ClientProxy } from '@nestjs/microservices';`],
  ['nest-only-at-the-edge', 'index.ts', `export { Injectable } from '@nestjs/common';`],
  ['no-nest-internals', 'nest/b.ts', `import '@nestjs/core/internal';`],
  ['no-nest-internals', 'src/b.ts', `import '@nestjs/common/internal/leaf.js';`],
  ['demo-uses-the-public-name', 'src/c.ts', `import '../libs/heartwire/src/index.js';`],
  ['demo-uses-the-public-name', 'src/d.ts', `import '../libs/heartwire/src/session/leaf.js';`],
  ['services-meet-in-the-contract', 'src/chat/a.ts', `import '../gateway/leaf.js';`],
  ['services-meet-in-the-contract', 'src/contract/a.ts', `import '../chat/leaf.js';`],
  ['services-meet-in-the-contract', 'src/terminal/a.ts', `import type { Leaf } from '../gateway/leaf.js';`],
  ['user-runs-in-a-browser', 'src/user/a.ts', `import '../contract/leaf.dto.js';`],
  ['user-runs-in-a-browser', 'src/user/b.ts', `import 'heartwire';`],
  ['user-runs-in-a-browser', 'src/user/c.ts', `import 'node:crypto';`],
  ['page-runs-in-a-browser', 'src/page/a.ts', `import '../contract/leaf.dto.js';`],
  ['page-runs-in-a-browser', 'src/page/b.ts', `import 'heartwire';`],
  ['page-runs-in-a-browser', 'src/page/c.ts', `import 'node:crypto';`],
  ['page-runs-in-a-browser', 'src/page/d.ts', `import type { Leaf } from '../gateway/leaf.js';`],
  ['page-is-on-top', 'src/g.ts', `import './page/leaf.js';`],
  ['library-knows-no-demo', 'server/f.ts', `import '../../../../src/leaf.js';`],
  ['production-imports-no-spec', 'server/g.ts', `import './h.spec.js';`],
  ['no-cycles', 'link/c.ts', `import './d.js';`],
  ['nothing-missing', 'options/c.ts', `import './nowhere.js';`],
];

/** Imports that the rules must let through, so that a rule can't pass its test by refusing everything. */
const allowed: readonly (readonly [file: string, source: string])[] = [
  ['timing/e.ts', `import 'rxjs';`],
  ['options/d.ts', `import '../errors/leaf.js'; import 'class-validator';`],
  ['link/carrier.ts', `import 'node:net'; import '../options/address.js'; import '../protocol/leaf.js';`],
  [
    'session/g.ts',
    `import '../link/leaf.js'; import '../options/leaf.js'; import '../timing/leaf.js'; import 'rxjs';`,
  ],
  ['link/secure.ts', `import 'node:tls'; import '../options/tls-options.js';`],
  ['server/listener.ts', `import 'node:net'; import '../link/carrier.js';`],
  ['server/heartwire.context.ts', `import '@nestjs/microservices'; import '../session/leaf.js';`],
  [
    'client/heartwire.client.ts',
    `import '@nestjs/microservices'; import '../session/leaf.js'; import 'node:events';`,
  ],
  [
    'nest/c.ts',
    `import '@nestjs/common'; import '../client/heartwire.client.js'; import '../server/leaf.js';`,
  ],
  [
    'browser/f.ts',
    `import 'rxjs'; import '../session/leaf.js'; import type { Leaf } from '../link/leaf.js'; import '../timing/leaf.js';`,
  ],
  [
    'redis/c.ts',
    `import 'ioredis'; import '../options/hub-adapter.js'; import '../errors/leaf.js'; import '../timing/leaf.js';`,
  ],
  ['testing/b.ts', `import 'node:net'; import './leaf.js';`],
  ['session/h.spec.ts', `import '../testing/leaf.js'; import 'node:events';`],
  ['src/user/d.ts', `import 'rxjs'; import '../contract/leaf.js';`],
  [
    'src/page/e.ts',
    `import 'rxjs'; import 'heartwire/browser'; import '../user/d.js'; import '../contract/leaf.js';`,
  ],
  ['src/terminal/b.ts', `import '../user/d.js'; import '../contract/leaf.js'; import 'node:readline';`],
  ['src/e.ts', `import 'heartwire'; import '@nestjs/common'; import 'node:net';`],
];

const folders = 'protocol errors timing options link session client server browser nest redis testing'.split(
  ' ',
);
const support: readonly (readonly [file: string, source: string])[] = [
  ...folders.map((folder) => [`${folder}/leaf.ts`, `export interface Leaf { leaf: true }`] as const),
  ['options/tls-options.ts', `export const tls = true;`],
  ['options/hub-adapter.ts', `export const adapter = true;`],
  ['options/address.ts', `export const address = 'tcp://here';`],
  ['server/h.spec.ts', `export const spec = true;`],
  ['browser/index.ts', `export type { Leaf } from './leaf.js';`],
  ['testing/index.ts', `export type { Leaf } from './leaf.js';`],
  ['link/d.ts', `import './c.js';`],
  ...['chat/leaf', 'contract/leaf', 'contract/leaf.dto', 'gateway/leaf', 'page/leaf'].map(
    (name) => [`src/${name}.ts`, `export interface Leaf { leaf: true }`] as const,
  ),
  ['src/leaf.ts', `export const leaf = true;`],
  [
    'tsconfig.json',
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        rootDir: '.',
        paths: {
          heartwire: ['./libs/heartwire/src/index.ts'],
          'heartwire/browser': ['./libs/heartwire/src/browser/index.ts'],
          'heartwire/testing': ['./libs/heartwire/src/testing/index.ts'],
        },
      },
    }),
  ],
];

const placed = (file: string): string =>
  /^(src\/|tsconfig)/.test(file) ? file : `libs/heartwire/src/${file}`;

describe('who may import whom', () => {
  it('holds in the library and in the demo', async () => {
    const { totalCruised, violations } = await cruise(root);

    expect(violations.map(shown)).toEqual([]);
    expect(totalCruised).toBeGreaterThan(50);
  });

  describe('in a tree made to break it', () => {
    let tree: string;
    let violations: readonly Violation[];

    beforeAll(async () => {
      tree = await mkdtemp(join(tmpdir(), 'heartwire-architecture-'));
      for (const [file, source] of [...support, ...allowed, ...refused.map(([, ...rest]) => rest)]) {
        const path = join(tree, placed(file));
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, source);
      }
      await symlink(join(root, 'node_modules'), join(tree, 'node_modules'), 'dir');
      ({ violations } = await cruise(tree));
    });

    afterAll(async () => {
      await rm(tree, { recursive: true, force: true });
    });

    it.each(refused)('%s refuses %s: %s', (rule, file) => {
      const rules = violations
        .filter(({ from }) => from === placed(file))
        .map((violation) => violation.rule.name);
      expect(rules).toContain(rule);
    });

    it.each(allowed)('lets %s be: %s', (file) => {
      expect(violations.filter(({ from }) => from === placed(file)).map(shown)).toEqual([]);
    });

    it('tries every rule', () => {
      expect(new Set(refused.map(([rule]) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
    });
  });
});

/** The names that a source mentions, but for comments, members (`this.process`) and what it names itself (`{ process: 1 }`). */
function namesIn(source: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && (node.parent as { name?: ts.Node }).name !== node) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true));
  return names;
}

/** The TypeScript files below `folder` that are built. */
async function sourcesOf(folder: string): Promise<string[]> {
  const files = await readdir(join(root, folder), { recursive: true });
  return files.filter((file) => /(?<!spec)\.ts$/.test(file)).map((file) => join(folder, file));
}

async function mentions(folder: string, ...names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of await sourcesOf(folder)) {
    const used = namesIn(await readFile(join(root, file), 'utf8'));
    found.push(...names.filter((name) => used.has(name)).map((name) => `${name} in ${file}`));
  }
  return found;
}

describe('what a file may mention', () => {
  it.each(['libs/heartwire/src', 'src'])('%s never writes to the console', async (folder) => {
    expect(await mentions(folder, 'console')).toEqual([]);
  });

  it.each(['protocol', 'errors', 'timing', 'session', 'browser'])(
    '%s uses no global of Node',
    async (folder) => {
      const globals = ['Buffer', 'process', 'global', 'setImmediate', 'require', '__dirname', '__filename'];
      expect(await mentions(`libs/heartwire/src/${folder}`, ...globals)).toEqual([]);
    },
  );

  it('is found in code, and not in comments, members or names of its own', () => {
    const used = namesIn(`
      // console.log(1)
      const bytes: Buffer = queue.process({ global: 1 });
      console['log'](bytes);
    `);
    expect([...used]).toEqual(expect.arrayContaining(['Buffer', 'console']));
    expect([...used].filter((name) => ['process', 'global', 'log'].includes(name))).toEqual([]);
  });
});
