import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import type { ReadyMessage } from './run-service.js';

/** Longer than a service takes to finish what runs; whatever is left then hangs. */
const STOP_LIMIT_MS = 15_000;

interface Member {
  readonly process: ChildProcess;
  /** Resolves once it has ended and all that it said was passed on. */
  readonly ended: Promise<Ending>;
}

type Ending = { readonly exitCode: number } | { readonly signal: NodeJS.Signals };

/**
 * Services as child processes, in the process group of this one. When one ends by itself the others
 * go on, and it is not started again.
 */
export class ServiceGroup {
  private readonly members: Member[] = [];
  private wasStopped = false;

  /** `print` takes whole lines: what the services say, and what becomes of them. */
  constructor(
    private readonly print: (line: string) => void,
    private readonly stopLimitMs = STOP_LIMIT_MS,
  ) {}

  /** Whether it was told to stop. */
  get isStopping(): boolean {
    return this.wasStopped;
  }

  /**
   * Starts a service. Resolves with its address once it listens.
   *
   * @throws Error when it ends before that, or the group was told to stop.
   */
  async start(
    name: string,
    modulePath: string,
    env: NodeJS.ProcessEnv,
  ): Promise<{ address: string; pid: number }> {
    // One that begins now would not hear of it.
    if (this.wasStopped) throw new Error(`${name} is not started: the group stops`);
    const child = fork(modulePath, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const member: Member = { process: child, ended: this.endOf(name, child) };
    this.members.push(member);
    return await new Promise((resolve, reject) => {
      let isReady = false;
      child.on('message', ({ ready: address }: ReadyMessage) => {
        isReady = true;
        resolve({ address, pid: Number(child.pid) });
      });
      void member.ended.then((ending) => {
        if (!isReady) reject(new Error(`${name} ended before it was ready (${shown(ending)})`));
        else if (!this.wasStopped) this.print(`${name} has ended (${shown(ending)})`);
      });
    });
  }

  /** Asks every service to finish; kills those that take too long. */
  stop(signal: NodeJS.Signals): void {
    this.send(signal);
    if (this.wasStopped) return;
    this.wasStopped = true;
    const limit = setTimeout(() => {
      this.print(`Still running after ${String(this.stopLimitMs)} ms: killing what is left`);
      this.send('SIGKILL');
    }, this.stopLimitMs).unref();
    void this.ended().then(() => clearTimeout(limit));
  }

  /** Resolves once every service has ended, with 0 if each did so in order or because it was asked to. */
  async ended(): Promise<number> {
    const endings = await Promise.all(this.members.map(({ ended }) => ended));
    return endings.every((ending) => this.isInOrder(ending)) ? 0 : 1;
  }

  private send(signal: NodeJS.Signals): void {
    for (const { process } of this.members) process.kill(signal);
  }

  private endOf(name: string, child: ChildProcess): Promise<Ending> {
    for (const stream of [child.stdout, child.stderr]) this.passOn(name, stream);
    return new Promise((resolve) => {
      child.once('error', (error) => {
        this.print(`${name}: ${error.message}`);
        resolve({ exitCode: 1 });
      });
      child.once('close', (exitCode, signal) => {
        resolve(signal === null ? { exitCode: exitCode ?? 1 } : { signal });
      });
    });
  }

  private passOn(name: string, stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => this.print(`${name.padEnd(7)} | ${line}`));
  }

  private isInOrder(ending: Ending): boolean {
    if ('exitCode' in ending) return ending.exitCode === 0;
    return this.wasStopped && ending.signal !== 'SIGKILL';
  }
}

function shown(ending: Ending): string {
  return 'signal' in ending ? ending.signal : `exit code ${String(ending.exitCode)}`;
}
