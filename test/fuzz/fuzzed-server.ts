import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import { loaderArguments, program } from '../support/program.js';
import type { ServerState } from './server.js';

/** The process that is fuzzed. */
export class FuzzedServer {
  private errorText = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
  ) {
    child.stderr?.on('data', (chunk: Buffer) => (this.errorText += String(chunk)));
  }

  static async start(): Promise<{ server: FuzzedServer; url: string }> {
    const child = fork(program('test/fuzz/server.ts'), {
      execArgv: ['--expose-gc', ...loaderArguments],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    const server = new FuzzedServer(child, once(child, 'exit'));
    return { server, url: await server.next<string>() };
  }

  /** @throws Error when the process has ended, with its last words */
  async state(): Promise<ServerState> {
    if (this.child.connected) this.child.send('state');
    return this.next<ServerState>();
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private async next<Message>(): Promise<Message> {
    const stop = new AbortController();
    try {
      const message = once(this.child, 'message', { signal: stop.signal });
      message.catch(() => undefined);
      const answer = await Promise.race([message, this.ended.then(() => undefined)]);
      if (answer === undefined) throw new Error(`the server ended: ${this.errorText}`);
      return answer[0] as Message;
    } finally {
      stop.abort();
    }
  }
}
