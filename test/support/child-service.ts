import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { loaderArguments, program } from './program.js';
import { until } from './until.js';

/** A program of the demo as a process of its own, run from its sources. */
export class ChildService {
  private text = '';
  /** It has ended, and all that it printed is here. */
  private isOver = false;
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;

  constructor(module: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [...loaderArguments, program(module), ...args], {
      env: { PATH: process.env['PATH'], NO_COLOR: '1', ...env },
      stdio: 'pipe',
    });
    // Not `exit`, which may come before what it has printed.
    this.exited = once(this.child, 'close').then(() => {
      this.isOver = true;
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.text += text;
      });
    }
    // It may be gone already when something is typed.
    this.child.stdin?.on('error', () => undefined);
  }

  /** The lines that it has printed so far, each of them whole. */
  get printed(): readonly string[] {
    return this.text.split('\n').slice(0, -1);
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** Resolves once it has printed a line like this. */
  async prints(pattern: RegExp | string): Promise<void> {
    const matches = (line: string): boolean =>
      typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line);
    await until(`${String(pattern)} is printed`, () => this.printed.some(matches) || this.isOver).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}; it printed:\n${this.text}`);
      },
    );
    if (!this.printed.some(matches)) throw new Error(`it ended before ${String(pattern)}:\n${this.text}`);
  }

  type(...lines: readonly string[]): void {
    for (const line of lines) this.child.stdin?.write(`${line}\n`);
  }

  /** Nothing more is typed. */
  endInput(): void {
    this.child.stdin?.end();
  }

  async ended(): Promise<void> {
    await this.exited;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.exited;
  }
}
