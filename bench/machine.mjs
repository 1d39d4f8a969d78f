// What the figures depend on besides the code: the machine, the commit, and whether cores can be pinned.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, type } from 'node:os';

/** Numbers of the cores that this process may use; empty where the system doesn't tell. */
function allowedCores() {
  const status = '/proc/self/status';
  if (!existsSync(status)) return [];
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(status, 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** A core for the server and one for the client, or the reason why there are none. */
export function findPinning() {
  const [server, client] = allowedCores();
  if (client === undefined) return { reason: 'fewer than two cores are known' };
  if (spawnSync('taskset', ['--version']).status !== 0) return { reason: 'there is no taskset' };
  return { server, client };
}

function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The commit that was measured; a result of an earlier run is no change to it. */
function commit() {
  const hash = git('rev-parse', '--short=10', 'HEAD');
  if (hash === undefined) return 'unknown';
  const changes = git('status', '--porcelain', '--', ':/', ':(exclude,top)bench/RESULTS.md');
  return changes === '' ? hash : `${hash} with uncommitted changes`;
}

export function describeMachine(pinning) {
  const { length: count, 0: first } = cpus();
  return {
    Date: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    Commit: commit(),
    Machine: `${first?.model.trim() ?? 'unknown processor'}, ${count} cores, ${type()} ${release()}`,
    Node: `${process.version} (V8 ${process.versions.v8})`,
    'Load before the run': loadavg()[0].toFixed(2),
    Pinning:
      pinning.reason === undefined
        ? `server on core ${pinning.server}, client on core ${pinning.client}`
        : `none: ${pinning.reason}`,
  };
}
