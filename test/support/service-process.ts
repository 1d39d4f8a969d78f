import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import { loaderArguments, program } from './program.js';

interface Said {
  readonly ready?: string;
  readonly memory?: NodeJS.MemoryUsage;
}

/** A service of the demo in a process of its own, which can be measured and killed. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Where it listens. */
    readonly address: string,
  ) {}

  /** @throws Error when it ends before it is ready. */
  static async start(name: 'files' | 'gateway', env: NodeJS.ProcessEnv): Promise<ServiceProcess> {
    const child = fork(program(`src/${name}/main.ts`), {
      env: { ...process.env, ...env },
      execArgv: ['--expose-gc', ...loaderArguments, '--import', program('test/support/memory-probe.ts')],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const { ready } = await said(child, ({ ready }) => ready !== undefined);
    return new ServiceProcess(child, ready ?? '');
  }

  async memory(): Promise<NodeJS.MemoryUsage> {
    const answer = said(this.child, ({ memory }) => memory !== undefined);
    this.child.send('memory');
    const { memory } = await answer;
    if (memory === undefined) throw new Error('unreachable');
    return memory;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

function said(child: ChildProcess, isIt: (said: Said) => boolean): Promise<Said> {
  return new Promise((resolve, reject) => {
    const leave = (): unknown => child.off('message', hear).off('exit', ended);
    const hear = (message: Said): void => {
      if (!isIt(message)) return;
      leave();
      resolve(message);
    };
    const ended = (code: number | null, signal: string | null): void => {
      leave();
      reject(new Error(`the process ended: ${signal ?? String(code)}`));
    };
    child.on('message', hear).on('exit', ended);
  });
}
