// `npm run faults:report`: every scenario against Heartwire and against Nest's TCP transport; writes docs/faults.md.
// With words as arguments it runs only the faults whose names hold one of them, and prints.
import { writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { resolve } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { holeRows, type Row, rows } from './report/rows.js';
import { Arena } from './support/arena.js';
import { HEARTBEAT, heartwire, nestTcp } from './support/contestants.js';
import { Network, whyNoNetwork } from './support/network.js';

/** Nest's transport lets some failures out as unhandled: they belong to its figures, and end nothing here. */
process.on('unhandledRejection', (error) => note(`unhandled: ${String(error)}`));
process.on('uncaughtException', (error) => note(`uncaught: ${String(error)}`));

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function measure({ settings, patienceMs, run }: Row, name: 'Heartwire' | 'Nest TCP'): Promise<string> {
  const arena = new Arena(name === 'Heartwire' ? heartwire(settings) : nestTcp(), patienceMs);
  try {
    return await run(arena);
  } catch (error) {
    return `**the scenario failed**: ${String(error)}`;
  } finally {
    await arena.clear().catch((error: unknown) => note(String(error)));
  }
}

interface Measured {
  readonly row: Row;
  readonly ours: string;
  readonly theirs: string;
}

async function measureAll(chosen: readonly Row[]): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const row of chosen) {
    note(row.fault);
    const ours = await measure(row, 'Heartwire');
    note(`  Heartwire: ${ours}`);
    const theirs = await measure(row, 'Nest TCP');
    note(`  Nest TCP:  ${theirs}`);
    all.push({ row, ours, theirs });
  }
  return all;
}

function commandOf({ spec }: Row): string {
  return spec === 'soak' ? '`npm run soak`' : `\`npm run test:faults -- ${spec}\``;
}

function page(measured: readonly Measured[], obstacle: string | undefined): string {
  const { length: cores, 0: core } = cpus();
  const table = [
    ['fault', 'promised', 'Heartwire', "Nest's TCP transport", 'repeat'],
    ['---', '---', '---', '---', '---'],
    ...measured.map(({ row, ours, theirs }) => [row.fault, row.promise, ours, theirs, commandOf(row)]),
  ].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`);
  return [
    '# Faults',
    "What Heartwire promises under faults, and what was measured: of Heartwire and, in the same run, of Nest's own TCP transport. Written by `npm run faults:report`.",
    `- Date: ${new Date().toISOString().slice(0, 10)}\n- Machine: ${core?.model.trim() ?? 'unknown processor'}, ${cores} cores, ${type()} ${release()}\n- Node.js: ${process.version}\n- Heartbeat: interval ${HEARTBEAT.intervalMs} ms, timeout ${HEARTBEAT.timeoutMs} ms, so that the run is short. With the defaults (5 s and 10 s) a dead peer is known within 15 s and a ping.`,
    "A figure is of one run. *Not within* and *hangs* mean that it had not happened when the scenario lost patience. Nest's client serves one address, so where there are several servers it is one client for each, called in turn.",
    table.join('\n'),
    ...(obstacle === undefined ? [] : [`Not run: packets that vanish between two hosts (${obstacle}).`]),
    '## Running the scenarios',
    [
      '- `npm run test:faults` runs what `npm test` runs of them: some seconds of each.',
      '- `HEARTWIRE_FAULTS=full npm run test:faults` runs each as it is described above.',
      '- Those in which packets vanish need root on Linux, with `ip` and `nft`. Elsewhere they are skipped, and the run says so; with `HEARTWIRE_FAULTS_NEED_ROOT=1` it fails instead.',
      '- `npm run soak` takes an hour, `npm run soak -- 60` so many seconds.',
    ].join('\n'),
    'The same faults for your own services: `FaultProxy` of `heartwire/testing` delays, slows, cuts, resets, half-closes, swallows and corrupts what runs through it; `passedBytes` tells how much has passed.',
  ].join('\n\n');
}

const wanted = process.argv.slice(2);
const isChosen = ({ fault }: Row): boolean =>
  wanted.length === 0 || wanted.some((word) => fault.toLowerCase().includes(word.toLowerCase()));

const obstacle = whyNoNetwork();
const measured = await measureAll(rows.filter(isChosen));
if (obstacle === undefined) {
  const network = Network.create();
  try {
    measured.push(...(await measureAll(holeRows(network).filter(isChosen))));
  } finally {
    network.remove();
  }
}
if (wanted.length === 0) {
  const path = resolve(import.meta.dirname, '../../docs/faults.md');
  const style = await resolveConfig(path);
  writeFileSync(path, await format(page(measured, obstacle), { ...style, filepath: path }));
  note(`written: ${path}`);
}
process.exit();
