// What was measured, in words.

import { median, type Holdings, growth } from '../scenarios/soak.js';
import type { CutCall } from '../scenarios/cuts.js';
import type { Noticed } from '../scenarios/silence.js';
import type { Settled } from '../support/settle.js';
import type { WorkloadResult } from '../support/workload.js';

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const count = (value: number): string => number.format(value);

export function duration(ms: number): string {
  return ms < 1_000 ? `${count(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** After how long something happened, if it did. */
export function after(ms: number | undefined, patienceMs: number): string {
  return ms === undefined ? `**not within ${duration(patienceMs)}**` : `after ${duration(ms)}`;
}

export function noticed({ clientMs, serverMs }: Noticed, patienceMs: number): string {
  return `client knows ${after(clientMs, patienceMs)}, server ${after(serverMs, patienceMs)}`;
}

export function call({ how, error, afterMs }: Settled): string {
  if (how === 'open') return `**hangs** (${duration(afterMs)})`;
  if (how === 'answered') return `answered after ${duration(afterMs)}`;
  return `fails after ${duration(afterMs)} (${nameOf(error)})`;
}

export function load({ made, answered, open, failures }: WorkloadResult): string {
  if (made === 1)
    return answered === 1
      ? 'a call meanwhile is answered'
      : `a call meanwhile ${open === 1 ? '**hangs**' : 'fails'}`;
  if (answered === made) return `all ${count(made)} calls answered`;
  const parts = [`${count(answered)} of ${count(made)} calls answered`];
  if (failures.length > 0) {
    const codes = [...new Set(failures.map(({ code }) => code))].slice(0, 3);
    parts.push(`${count(failures.length)} failed (${codes.join(', ')})`);
  }
  if (open > 0) parts.push(`**${count(open)} hang**`);
  return parts.join(', ');
}

/** What ran more often than it was asked for. */
export function doubles(repeatedRuns: number): string {
  return repeatedRuns === 0 ? 'none ran twice' : `**${count(repeatedRuns)} ran twice**`;
}

export function cuts(calls: readonly CutCall[]): string {
  const total = `${count(calls.length)} cuts: `;
  const answeredOnce = calls.filter(({ call: { how }, runs }) => how === 'answered' && runs === 1).length;
  if (answeredOnce === calls.length) return `${total}every call answered, each ran once`;
  const failed = calls.filter(({ call: { how } }) => how === 'failed');
  const parts = [`${count(answeredOnce)} calls answered`, `${count(failed.length)} failed`];
  const ranUnknown = failed.filter(({ runs }) => runs > 0).length;
  if (ranUnknown > 0) parts.push(`${count(ranUnknown)} of these had run`);
  const open = calls.filter(({ call: { how } }) => how === 'open').length;
  if (open > 0) parts.push(`**${count(open)} hang**`);
  return total + parts.join(', ');
}

export function flatness(all: readonly Holdings[]): string {
  const grown = growth(all);
  const resident = median(all.slice(-3).map(({ residentBytes }) => residentBytes)) / 2 ** 20;
  const answered = all.reduce((sum, round) => sum + round.answered, 0);
  const failed = all.reduce((sum, round) => sum + round.failed, 0);
  return (
    `${count(answered)} calls answered, ${count(failed)} failed; ${count(resident)} MiB resident at the end; ` +
    (grown.length === 0 ? 'flat' : `**grown**: ${grown.join('; ')}`)
  );
}

function nameOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? String(error);
}
