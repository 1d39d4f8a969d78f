// Both sides of the talk between the bench and the processes that it measures: one question at a
// time, one answer each.

import { fork } from 'node:child_process';
import { join } from 'node:path';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Starts a file of this folder in a process of its own, on one core if `core` is given. */
export function startChild(file, args, core) {
  const nodeArgs = ['--expose-gc'];
  const launcher =
    core === undefined
      ? { execArgv: nodeArgs }
      : { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...nodeArgs] };
  const child = fork(join(import.meta.dirname, file), args, launcher);
  const name = [file, ...args].join(' ');
  running.add(child);
  child.once('exit', () => running.delete(child));

  /** Asks for a command; rejects if the command fails, the process ends, or `seconds` pass. */
  const ask = (command, argument, seconds = 30) =>
    new Promise((resolve, reject) => {
      const settle = (settled) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        settled();
      };
      const onMessage = ({ result, error }) =>
        settle(() => (error === undefined ? resolve(result) : reject(new Error(`${name}: ${error}`))));
      const onExit = (code, signal) => settle(() => reject(new Error(`${name} ended: ${signal ?? code}`)));
      const onTimeout = () =>
        settle(() => reject(new Error(`${name}: no answer to ${command} in ${seconds} s`)));
      const timer = setTimeout(onTimeout, seconds * 1_000);
      child.on('message', onMessage).on('exit', onExit);
      child.send({ command, argument });
    });

  const stop = () =>
    new Promise((resolve) => {
      if (!running.has(child)) return resolve();
      child.once('exit', resolve);
      child.kill('SIGKILL');
    });

  return { ask, stop };
}

/** In the child: answers questions with the results of `commands`. */
export function answer(commands) {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ command, argument }) => {
    try {
      process.send({ result: await commands[command](argument) });
    } catch (error) {
      process.send({ error: error?.stack ?? JSON.stringify(error) });
    }
  });
}
