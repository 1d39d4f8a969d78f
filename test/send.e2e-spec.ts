import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy } from 'heartwire/testing';

import { createFiles, type Files } from '../src/files/create-files.js';
import { describeUnless } from './support/describe-unless.js';
import { freeUrl } from './support/free-url.js';
import { LeakGuard } from './support/leak-guard.js';
import { loaderArguments, program } from './support/program.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;

/** It makes a terminal for the command that it runs; other systems have another one of that name. */
const noScript = String(spawnSync('script', ['--version']).stdout).includes('util-linux')
  ? undefined
  : 'no script of util-linux';

/** The terminal client in a process of its own. */
class SendProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (text) => (this.stdout += String(text)));
    child.stderr?.on('data', (text) => (this.stderr += String(text)));
    this.ended = new Promise((resolve) => child.once('close', resolve));
  }

  static start(...args: string[]): SendProcess {
    // npm says where it was called from; these tests give whole paths.
    return new SendProcess(
      spawn(process.execPath, [...runner(), ...args], { env: { PATH: process.env.PATH } }),
    );
  }

  static startAtTerminal(...args: string[]): SendProcess {
    const words = [process.execPath, ...runner(), ...args].map((word) => `'${word}'`);
    const command = `stty cols 120; exec ${words.join(' ')}`;
    const env = { PATH: process.env.PATH, TERM: 'xterm-256color' };
    return new SendProcess(spawn('script', ['-qec', command, '/dev/null'], { env }));
  }

  get lines(): readonly string[] {
    return this.stdout.trimEnd().split('\n');
  }

  closeStdout(): void {
    this.child.stdout?.destroy();
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

function runner(): readonly string[] {
  return [...loaderArguments, program('src/send/main.ts')];
}

describe('npm run send', () => {
  const logger = new RecordingLogger();
  const guard = new LeakGuard();
  const cleanups: (() => unknown)[] = [];
  const afterwards = (cleanup: () => unknown): unknown => cleanups.push(cleanup);
  let home: string;
  let folder: string;
  let path: string;
  const bytes = randomBytes(8 * MIB);
  const digest = createHash('sha256').update(bytes).digest('hex');

  beforeEach(async () => {
    Logger.overrideLogger(logger);
    guard.begin();
    home = await mkdtemp(join(tmpdir(), 'send-'));
    afterwards(() => rm(home, { recursive: true }));
    folder = join(home, 'store');
    path = join(home, 'data.bin');
    await writeFile(path, bytes);
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    logger.lines.length = 0;
    await guard.check();
  });

  async function startFiles(url = 'tcp://127.0.0.1:0', maxFileBytes = 64 * MIB): Promise<Files> {
    const files = await createFiles({ url }, { folder, maxFileBytes }, logger);
    await files.app.listen();
    afterwards(() => files.app.close());
    return files;
  }

  async function startProxy(): Promise<FaultProxy> {
    const files = await startFiles();
    const proxy = await FaultProxy.to(files.server.address);
    afterwards(() => proxy.close());
    return proxy;
  }

  const send = (...args: string[]): SendProcess => ended(SendProcess.start(...args));

  function ended(sending: SendProcess): SendProcess {
    afterwards(() => {
      sending.signal('SIGKILL');
      return sending.ended;
    });
    return sending;
  }

  it('sends a file, tells how it goes in plain lines, and ends with what is stored', async () => {
    const { server } = await startFiles();
    const sending = send(path, '--url', server.address);

    expect(await sending.ended).toBe(0);
    expect(sending.stderr).toBe('');
    expect(sending.lines.at(0)).toBe('Sending data.bin: 0 B of 8.0 MiB');
    expect(sending.lines).toContainEqual(
      expect.stringMatching(/^50 %: 4\.0 MiB of 8\.0 MiB, .+\/s, \d+ s left$/),
    );
    expect(sending.lines.at(-1)).toBe(`Stored data.bin: 8.0 MiB, SHA-256 ${digest}`);
    expect((await readFile(join(folder, 'data.bin'))).equals(bytes)).toBe(true);
  });

  it('sends an empty file, and calls a file as it is told', async () => {
    const { server } = await startFiles();
    await writeFile(path, '');
    const sending = send(path, '--name', 'other name.txt', '--url', server.address);

    expect(await sending.ended).toBe(0);
    expect(sending.lines.at(-1)).toMatch(/^Stored other name.txt: 0 B, /);
    expect(await readFile(join(folder, 'other name.txt'), 'utf8')).toBe('');
  });

  it('goes on when the link is cut on the way', async () => {
    const proxy = await startProxy();
    proxy.cutAfter(3 * MIB, { direction: 'upstream' });
    const sending = send(path, '--url', proxy.url);

    expect(await sending.ended).toBe(0);
    // Three of eight MiB went over the first link, and the others, at least, over the second.
    expect(proxy.accepted).toBe(2);
    expect(proxy.passedBytes('upstream')).toBeGreaterThanOrEqual(bytes.length);
    expect(sending.lines).toContainEqual(expect.stringMatching(/^The connection to .+ is lost/));
    expect(sending.lines.at(-1)).toBe(`Stored data.bin: 8.0 MiB, SHA-256 ${digest}`);
    expect((await readFile(join(folder, 'data.bin'))).equals(bytes)).toBe(true);
  });

  it('waits for a service that is away', async () => {
    const url = await freeUrl();
    const sending = send(path, '--url', url);
    await until('it has begun', () => sending.stdout.includes('Sending'));
    await startFiles(url);

    expect(await sending.ended).toBe(0);
    expect(sending.lines.at(-1)).toMatch(/^Stored data.bin/);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is cancelled with %s, and nothing of the file stays there', async (signal, code) => {
    const proxy = await startProxy();
    proxy.slow({ bytesPerSecond: 2 * MIB }, 'upstream');
    const sending = send(path, '--url', proxy.url);
    await until('it is on its way', async () => {
      return proxy.passedBytes('upstream') > MIB && (await readdir(folder)).length === 1;
    });
    sending.signal(signal);

    expect(await sending.ended).toBe(code);
    expect(sending.stderr).toBe('Cancelled: nothing of it is kept\n');
    await until('nothing is left', async () => (await readdir(folder)).length === 0);
    expect(proxy.passedBytes('upstream')).toBeLessThan(bytes.length);
  });

  it('stops when nobody reads any more how it goes, and nothing of the file stays there', async () => {
    const proxy = await startProxy();
    proxy.slow({ bytesPerSecond: 4 * MIB }, 'upstream');
    const sending = send(path, '--url', proxy.url);
    await until('it has begun', () => sending.stdout.includes('Sending'));
    sending.closeStdout();

    expect(await sending.ended).toBe(1);
    expect(sending.stderr).toBe('Cancelled: nothing of it is kept\n');
    await until('nothing is left', async () => (await readdir(folder)).length === 0);
  });

  describeUnless(noScript, 'at a terminal', () => {
    it('shows a bar that fills, with the speed and the time that is left', async () => {
      const proxy = await startProxy();
      proxy.slow({ bytesPerSecond: 2 * MIB }, 'upstream');
      const sending = ended(SendProcess.startAtTerminal(path, '--url', proxy.url));

      expect(await sending.ended).toBe(0);
      // The part that is done, in a colour, and then the part that is left.
      // eslint-disable-next-line no-control-regex -- what ends one colour and begins the next
      const done = [...sending.stdout.matchAll(/(━*)\u001b\[39m\u001b\[2m/g)].map(
        ([, { length } = '']) => length,
      );
      expect(done.at(0)).toBe(0);
      expect(done.at(-1)).toBeGreaterThan(0);
      const text = stripVTControlCharacters(sending.stdout);
      expect(text).toMatch(/━ data\.bin: \d\.0 MiB of 8\.0 MiB, [\d.]+ MiB\/s, \d+ s left/);
      expect(text).toContain(`Stored data.bin: 8.0 MiB, SHA-256 ${digest}`);
    });

    it('is cancelled with Ctrl-C, and nothing of the file stays there', async () => {
      const proxy = await startProxy();
      proxy.slow({ bytesPerSecond: MIB }, 'upstream');
      const sending = ended(SendProcess.startAtTerminal(path, '--url', proxy.url));
      await until('it is on its way', () => proxy.passedBytes('upstream') > MIB);
      sending.type('\u0003');

      expect(await sending.ended).toBe(130);
      expect(stripVTControlCharacters(sending.stdout)).toContain('Cancelled: nothing of it is kept');
      await until('nothing is left', async () => (await readdir(folder)).length === 0);
      expect(proxy.passedBytes('upstream')).toBeLessThan(bytes.length);
    });
  });

  describe('fails with a word of why', () => {
    async function failure(...args: string[]): Promise<string> {
      const sending = send(...args);
      expect(await sending.ended).toBe(1);
      expect(await readdir(folder).catch(() => [])).toEqual([]);
      return sending.stderr.trimEnd();
    }

    it('when there is no such file, or it is none', async () => {
      const { server } = await startFiles();
      expect(await failure(join(home, 'none'), '-u', server.address)).toBe(
        `There is no file ${join(home, 'none')}`,
      );
      expect(await failure(home, '-u', server.address)).toContain('is not a file');
    });

    it('when its name is refused, or it is too long', async () => {
      const { server } = await startFiles(undefined, MIB);
      expect(await failure(path, '-u', server.address, '-n', '../out')).toMatch(/^Refused: name must be /);
      expect(await failure(path, '-u', server.address)).toBe('Refused: a file may have 1048576 bytes');
    });

    it('when nobody is there, or the place is no place', async () => {
      const url = await freeUrl();
      expect(await failure(path, '-u', url, '--wait', '0.2')).toContain(
        `The files service at ${url} could not be reached`,
      );
      expect(await failure(path, '-u', 'nowhere')).toContain('url must be a url');
    });

    it('when its arguments make no sense', async () => {
      expect(await failure()).toContain("missing required argument 'file'");
      expect(await failure(path, '--wait', 'long')).toContain('It must be a number of seconds');
    });

    it('when the service is another one than before, after a cut', async () => {
      const proxy = await startProxy();
      const other = await createFiles(
        { url: 'tcp://127.0.0.1:0' },
        { folder: join(home, 'other'), maxFileBytes: 64 * MIB },
        logger,
      );
      await other.app.listen();
      afterwards(() => other.app.close());
      proxy.slow({ bytesPerSecond: 2 * MIB }, 'upstream');
      const sending = send(path, '--url', proxy.url);
      await until('it is on its way', () => proxy.passedBytes('upstream') > MIB);
      proxy.target = other.server.address;
      proxy.reset();

      expect(await sending.ended).toBe(1);
      expect(sending.stderr).toMatch(/was lost on the way: .+\. Send the file again\n$/);
      expect(await readdir(join(home, 'other'))).toEqual([]);
    });
  });
});
