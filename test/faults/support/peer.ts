import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import { loaderArguments, program } from '../../support/program.js';

/** Far above what a command takes on a busy machine. */
const PATIENCE_MS = 30_000;

interface Reply {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A process of its own, which does what it is asked to and can be frozen or killed. */
export class Peer {
  private asked = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (reply: Reply) => this.waiting.get(reply.number)?.(reply));
    child.once('exit', (code, signal) => {
      const error = `the process ended: ${signal ?? String(code)}`;
      for (const [number, settle] of this.waiting) settle({ number, error });
    });
  }

  /** Starts `server-peer` or `client-peer`, with a launcher before it if one is given. */
  static start(file: 'server-peer' | 'client-peer', launcher: readonly string[] = []): Peer {
    const [execPath = process.execPath, ...before] = launcher;
    const node = launcher.length === 0 ? [] : [...before, process.execPath];
    const execArgv = [...node, '--enable-source-maps', ...loaderArguments];
    return new Peer(fork(program(`test/faults/support/${file}.ts`), [], { execPath, execArgv }));
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @throws Error when the command fails, the process ends, or no answer comes. */
  async ask<T = unknown>(command: string, argument?: unknown): Promise<T> {
    const number = ++this.asked;
    const reply = new Promise<Reply>((resolve) => {
      const timer = setTimeout(
        () => resolve({ number, error: `no answer to ${command} in ${PATIENCE_MS} ms` }),
        PATIENCE_MS,
      );
      this.waiting.set(number, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
    });
    if (this.isRunning) this.child.send({ number, command, argument });
    else this.waiting.get(number)?.({ number, error: 'the process has ended' });
    const { result, error } = await reply;
    this.waiting.delete(number);
    if (error !== undefined) throw new Error(`${command}: ${error}`);
    return result as T;
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
