import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ErrorCode, HeartwireClient } from 'heartwire';

import { ERROR_DEFAULTS } from '../libs/heartwire/src/errors/error-code.js';
import { ClientOptions } from '../libs/heartwire/src/options/client-options.js';
import { resolveClientOptions, resolveServerOptions } from '../libs/heartwire/src/options/resolve-options.js';
import { ServerOptions } from '../libs/heartwire/src/options/server-options.js';
import { whatToTry } from '../src/launcher/what-to-try.js';
import { DocCode } from './support/doc-code.js';
import { freeUrl } from './support/free-url.js';
import { anchorsOf, blocksOf, linksOf, tableBelow } from './support/markdown.js';
import { RecordingLogger } from './support/stage.js';

// What the pages say holds: their code runs, their links lead somewhere, their tables are those of the library.

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');
const guide = read('docs/guide.md');
const packageReadme = read('libs/heartwire/README.md');

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'libs/heartwire/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

interface Closable {
  close(): Promise<void>;
}

describe('the code of the pages', () => {
  const code = new DocCode({
    OrdersModule: `import { OrdersModule } from './orders.module.js';`,
    orders: `const { readmeClient: orders } = globalThis as unknown as { readmeClient: HeartwireClient };`,
    app: 'declare const app: INestMicroservice;',
    server: 'declare const server: HeartwireServer;',
    posted$: 'declare const posted$: Subject<unknown>;',
    numbers: 'declare const numbers: HeartwireClient;',
    isPrime: 'declare function isPrime(value: number): boolean;',
    save: 'declare function save(value: number): Promise<void>;',
  });
  const inReadme = blocksOf(readme, 'ts').map((block) => code.add('README', block));
  const tried: string[] = [];
  const closables: Closable[] = [];
  let url: string;

  /** Runs an example at a free port instead of the one that it names. */
  const run = async (name: string): Promise<Readonly<Record<string, unknown>>> => {
    tried.push(name);
    return code.run(name, (source) => source.replaceAll(/tcp:\/\/(?:0\.0\.0\.0|orders):4001/g, url));
  };

  beforeAll(async () => {
    Logger.overrideLogger(new RecordingLogger());
    url = await freeUrl();
    code.compile('orders.module', (source) => source);
  });

  afterAll(async () => {
    for (const closable of closables.reverse()) await closable.close();
    code.remove();
  });

  const codeOf = (name: string): string =>
    blocksOf(readme, 'ts').find((block) => block.code.startsWith(`// ${name}.ts\n`))?.code ?? '';

  it('has no fault of types, in both versions of what is changed', () => {
    for (const block of blocksOf(readme, 'diff')) {
      code.add('README-before', { ...block, code: versionOf(block.code, '-') });
      code.add('README-after', { ...block, code: versionOf(block.code, '+') });
    }
    for (const block of blocksOf(guide, 'ts')) code.add('guide', block);
    code.add('options-of-a-call', { line: 1, code: optionsOfACall() });
    expect(code.faults()).toEqual([]);
  }, 60_000);

  it('serves and calls in the 20 lines that it promises', async () => {
    const { app: service } = await run('orders.main');
    closables.push(service as Closable);
    const { app: shop, order } = await run('shop.main');
    closables.push(shop as Closable);
    expect(order).toEqual({ id: 1, item: 'tea', hurry: false });
    const lines = ['orders.module', 'orders.main', 'shop.main'].flatMap((name) => codeOf(name).split('\n'));
    expect(lines.filter((line) => !/^(?:|\/\/.*|import .*)$/.test(line)).length).toBeLessThanOrEqual(20);
  });

  it('runs, each example', async () => {
    const client = new HeartwireClient({ url });
    closables.push(client);
    Object.assign(globalThis, { readmeClient: client });
    const answers: unknown[] = [];
    for (const name of inReadme.filter((each) => each.startsWith('README-line'))) {
      const { order } = await run(name);
      if (order !== undefined) answers.push(order);
    }
    Object.assign(globalThis, { readmeClient: undefined });
    const tea = { id: 1, item: 'tea', hurry: false };
    expect(answers).toEqual([tea, tea]);
    expect([...tried, 'orders.module'].sort()).toEqual([...inReadme].sort());
  });

  it("is the package's own page too, word for word", () => {
    const own = blocksOf(packageReadme, 'ts');
    expect(own.length).toBeGreaterThan(0);
    for (const block of own) expect(readme).toContain(block.code);
  });
});

describe('what the pages point to', () => {
  const links = pages.flatMap((page) =>
    linksOf(read(page))
      .filter(({ target }) => !/^https?:/.test(target))
      .map(({ text, target }) => ({ page, text, target })),
  );

  it.each(links)('$page: $target is there', ({ page, target }) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : relative(root, resolve(root, dirname(page), path));
    expect(existsSync(join(root, file))).toBe(true);
    if (anchor !== undefined) expect([...anchorsOf(read(file))]).toContain(anchor);
  });

  const claims = links.filter(({ page, target }) => page === 'README.md' && target.endsWith('spec.ts'));

  it.each(claims)('$target shows "$text" in these words', ({ text, target }) => {
    const words = text.replaceAll('`', '');
    expect(read(target).replaceAll(/\s+/g, ' ')).toContain(words);
  });

  it.each(pages.filter((page) => read(page).includes('**Contents:**')))(
    '%s names each of its sections in its contents',
    (page) => {
      const text = read(page);
      const [contents = ''] = /^\*\*Contents:\*\*.*$/m.exec(text) ?? [];
      const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
      const own = sections.filter((heading) => !contents.includes(`[${String(heading)}](#`));
      expect(own).toEqual([]);
    },
  );

  it('npm scripts exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)].map(
        ([, run, short]) => run ?? short,
      ),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[String(name)] === undefined)).toEqual([]);
  });

  it('the lines to try are those that the demo prints', () => {
    const printed = linesWith('curl', whatToTry('http://127.0.0.1:3000', { address: '', pid: 1 }));
    expect(linesWith('curl', readme)).toEqual(printed);
  });
});

const linesWith = (command: string, text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${command} `));

describe('the figures of the README', () => {
  const results = read('bench/RESULTS.md');
  /** The first number of a cell, as the README has it: the median, to one place. */
  const median = (row: Readonly<Record<string, string>> | undefined, column: string): string =>
    Number.parseFloat(row?.[column] ?? '').toFixed(1);

  it('are those of the run that is kept', () => {
    const ratios = tableBelow(results, '## Ratios').map((row) => median(row, 'Heartwire to Nest TCP'));
    const [one, some, many, oneKilobyte, text, records] = ratios;
    expect(readme).toContain(
      `: ${one} times with one call in flight, ${some} with 64, ${many} with 512; ${oneKilobyte} with 64 of 1 KB, and ${text} with 64 of 20 KB if that is one long text, ${records} if it is many small records`,
    );
    const upload = tableBelow(results, '## A stream of bytes').find((row) => row['']?.startsWith('ratio'));
    expect(readme).toContain(`at ${median(upload, 'MiB per second')} times the speed of \`pipe\``);
  });
});

describe('the tables of the README', () => {
  const url = 'tcp://orders:4001';

  it.each([
    ['server', '### Server', new ServerOptions(), resolveServerOptions({ url })],
    ['client', '### Client', new ClientOptions(), resolveClientOptions({ url })],
  ])('have every option of a %s, with its default', (_, heading, known, resolved) => {
    const rows = [...tableBelow(readme, '### Both ends'), ...tableBelow(readme, heading)];
    const shown = Object.fromEntries(rows.map((row) => [row.option, valueOf(row.default ?? '')]));
    const defaults = { ...flat(known), ...flat(resolved) };
    const actual = Object.fromEntries(Object.keys(flat(known)).map((path) => [path, defaults[path]]));
    expect(shown).toEqual(actual);
    for (const { unit, reason, 'change it': advice } of rows) {
      expect(['ms', 'bytes', 'number', 'text', 'none']).toContain(unit);
      expect([reason, advice]).not.toContain('');
    }
  });

  it('have every limit, in the guide too, with what happens at it', () => {
    const rows = tableBelow(guide, '## Limits');
    const named = rows.flatMap(({ bound = '' }) => bound.match(/limits\.\w+/g) ?? []);
    const known = [new ServerOptions().limits, new ClientOptions().limits].flatMap((limits) =>
      Object.keys(limits).map((name) => `limits.${name}`),
    );
    expect([...new Set(named)].sort()).toEqual([...new Set(known)].sort());
    for (const row of rows) expect(Object.values(row)).not.toContain('');
  });

  it('have every error code, with what holds for it', () => {
    const rows = tableBelow(readme, '## Errors');
    const shown = Object.fromEntries(
      rows.map(({ code, retryable, sent }) => [code, { retryable: retryable === 'yes', sent }]),
    );
    expect(shown).toEqual(ERROR_DEFAULTS);
    expect(Object.keys(shown)).toEqual(Object.keys(ErrorCode));
  });
});

/** A module that has no fault only if the table names the very options that `send` and `emit` have. */
function optionsOfACall(): string {
  const rows = tableBelow(readme, '## Options of a call');
  const namesFor = (method: string): string =>
    rows
      .filter(({ of }) => of?.split(', ').includes(method))
      .map(({ option = '' }) => `${option}: true`)
      .join(', ');
  return `import type { EmitOptions, SendOptions } from 'heartwire';
const send: Record<keyof SendOptions, true> = { ${namesFor('send')} };
const emit: Record<keyof EmitOptions, true> = { ${namesFor('emit')} };`;
}

/** What a diff shows, before (`-`) or after (`+`). */
function versionOf(diff: string, mark: '+' | '-'): string {
  return diff
    .split('\n')
    .filter((line) => line.startsWith(mark) || !/^[+-]/.test(line))
    .map((line) => line.slice(1))
    .join('\n');
}

/** The value that a cell names: `4 MiB`, `Infinity`, `false`, `none`. */
function valueOf(cell: string): unknown {
  const [, amount] = /^(\d+) MiB$/.exec(cell) ?? [];
  if (amount !== undefined) return Number(amount) * 1_024 ** 2;
  if (cell === 'none') return undefined;
  if (cell === 'true' || cell === 'false') return cell === 'true';
  return Number.isNaN(Number(cell)) ? cell : Number(cell);
}

function flat(options: object, path = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flat(value, `${path}${key}.`))
        : [[`${path}${key}`, value]],
    ),
  );
}
