import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { afterEach, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';

import { type Chat, createChat } from '../src/chat/create-chat.js';
import { describeUnless } from './support/describe-unless.js';
import { RecordingLogger, Stage } from './support/stage.js';
import { until } from './support/until.js';

const script = resolve(import.meta.dirname, '../examples/python/client.py');
const hasPython = spawnSync('python3', ['-c', '']).status === 0;
/** Where python3 must be there, its absence is a failure. */
const mustRun = process.env.CI === 'true';
const obstacle = hasPython || mustRun ? undefined : 'there is no python3 here';

/** The example, as it runs. */
class PythonClient {
  output = '';
  readonly exited: Promise<unknown>;
  private readonly process: ChildProcessByStdio<null, Readable, Readable>;

  constructor(url: string) {
    if (!hasPython) throw new Error('python3 is not here, and this test may not be skipped: CI is true');
    const { hostname, port } = new URL(url);
    this.process = spawn('python3', [script, hostname, port], {
      env: { ...process.env, PYTHONUTF8: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.exited = once(this.process, 'close').then(([code]) => code as unknown);
  }

  async says(line: string | RegExp): Promise<void> {
    const isSaid = (said: string): boolean => (typeof line === 'string' ? said === line : line.test(said));
    await until(`it says ${String(line)}`, () => this.output.split('\n').some(isSaid)).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}: ${this.output}`);
      },
    );
  }

  stop(): void {
    this.process.kill('SIGKILL');
  }
}

describeUnless(obstacle, 'examples/python/client.py', () => {
  const stage = new Stage();
  let chat: Chat | undefined;
  let python: PythonClient | undefined;

  afterEach(async () => {
    python?.stop();
    await stage.clear();
    await chat?.app.close();
  });

  it('calls, follows a stream, answers pings, and ends when the stream does', async () => {
    const heartbeat = { intervalMs: 100, timeoutMs: 20_000 };
    chat = await createChat({ url: 'tcp://127.0.0.1:0', heartbeat }, {}, new RecordingLogger());
    await chat.app.listen();
    const { server } = chat;

    python = new PythonClient(server.address);
    await python.says(/^posted \S+$/);
    await python.says('python: hello');

    // From now on it says nothing but its answers to pings.
    const heardAt = new Set<unknown>();
    const answers = (): number => heardAt.add(server.connections[0]?.liveness?.lastHeardAt).size;
    await until('ping after ping is answered', () => answers() > 10);
    expect(server.connections[0]?.liveness?.roundTripMs).toBeGreaterThan(0);

    const client = stage.client(server.address);
    await firstValueFrom(client.send('chat.post', { room: 'lobby', author: 'ada', text: 'tea? ☕' }));
    await python.says('ada: tea? ☕');

    await client.close();
    await chat.app.close();
    expect(await python.exited).toBe(0);
  });

  it('says what went wrong when the server refuses', async () => {
    const { url } = await stage.serve({});
    python = new PythonClient(url);
    expect(await python.exited).toBe(1);
    expect(python.output).toContain('NO_HANDLER');
  });
});
