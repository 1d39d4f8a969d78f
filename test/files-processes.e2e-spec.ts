import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy } from 'heartwire/testing';

import { freeUrl } from './support/free-url.js';
import { LeakGuard } from './support/leak-guard.js';
import { ServiceProcess } from './support/service-process.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;
const FILE_BYTES = 128 * MIB;
/** What a service may hold above what it holds when it has nothing to do. */
const MAY_GROW_BYTES = 80 * MIB;
/** What may be on its way at all: two services, their links, and the kernel between them. */
const MAY_BE_UNDER_WAY_BYTES = 48 * MIB;
/** So many looks in a row at which nothing has moved tell that nothing will. */
const LOOKS_AT_REST = 10;

/** The files service and its gateway as two processes, with a link between them that can be slow. */
describe('the files of the demo, in processes of their own', () => {
  const cleanups: (() => unknown)[] = [];
  const afterwards = (cleanup: () => unknown): unknown => cleanups.push(cleanup);
  const guard = new LeakGuard();
  let folder: string;
  let files: ServiceProcess;
  let gateway: ServiceProcess;
  let proxy: FaultProxy;

  beforeEach(async () => {
    guard.begin();
    folder = await mkdtemp(join(tmpdir(), 'files-'));
    afterwards(() => rm(folder, { recursive: true, force: true }));
    files = await startFiles(await freeUrl());
    proxy = await FaultProxy.to(files.address);
    afterwards(() => proxy.close());
    gateway = await ServiceProcess.start('gateway', {
      PORT: '0',
      FILES_URL: proxy.url,
      CHAT_URL: await freeUrl(),
    });
    afterwards(() => gateway.kill());
    await until('the gateway is connected', async () => (await filesConnection()).status === 'connected');
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await guard.check();
  });

  async function startFiles(listen: string): Promise<ServiceProcess> {
    const service = await ServiceProcess.start('files', { FILES_LISTEN: listen, FILES_FOLDER: folder });
    afterwards(() => service.kill());
    return service;
  }

  async function filesConnection(): Promise<{ status: string; reconnects: number }> {
    const reply = await fetch(`${gateway.address}/connections`);
    return ((await reply.json()) as { files: { status: string; reconnects: number } }).files;
  }

  const answerOf = (sending: ClientRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => sending.once('response', resolve).once('error', reject));

  async function bodyOf(response: IncomingMessage): Promise<unknown> {
    let text = '';
    for await (const piece of response.setEncoding('utf8')) text += piece as string;
    return JSON.parse(text);
  }

  const partials = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.startsWith('.partial-') && !name.endsWith('.digest'));

  /** Measures both services, from what they hold now. */
  class MemoryWatch {
    private idle: readonly number[] = [];
    readonly highest = { files: 0, gateway: 0 };

    async begin(): Promise<void> {
      this.idle = await this.resident();
    }

    async look(): Promise<void> {
      const [filesBytes = 0, gatewayBytes = 0] = await this.resident();
      const [filesIdle = 0, gatewayIdle = 0] = this.idle;
      this.highest.files = Math.max(this.highest.files, filesBytes - filesIdle);
      this.highest.gateway = Math.max(this.highest.gateway, gatewayBytes - gatewayIdle);
    }

    private async resident(): Promise<readonly number[]> {
      const all = await Promise.all([files.memory(), gateway.memory()]);
      return all.map(({ rss }) => rss);
    }
  }

  /** Until nothing moves any more, as everybody waits for somebody who waits. */
  async function rest(memory: MemoryWatch, moved: () => number): Promise<void> {
    let before = -1;
    for (let looks = 0; looks < LOOKS_AT_REST; looks += 1) {
      await memory.look();
      if (moved() !== before) looks = 0;
      before = moved();
    }
  }

  it('need little memory, however long a file is, and however slow the link or the reader', async () => {
    const memory = new MemoryWatch();
    await memory.begin();

    // The sender gives all that is taken, and the link passes hardly anything on.
    proxy.slow({ bytesPerSecond: 65_536 }, 'upstream');
    const sending = request(`${gateway.address}/files/large`, {
      method: 'PUT',
      headers: { 'content-length': FILE_BYTES },
    });
    const stored = answerOf(sending);
    const sent = createHash('sha256');
    let given = 0;
    const source = Readable.from(
      (function* () {
        for (; given < FILE_BYTES; given += MIB) {
          const chunk = Buffer.alloc(MIB, String(given));
          sent.update(chunk);
          yield chunk;
        }
      })(),
    );
    source.pipe(sending);
    await until('it has begun', () => given > 4 * MIB);
    await rest(memory, () => given);
    expect(given).toBeLessThan(MAY_BE_UNDER_WAY_BYTES);

    proxy.heal();
    const digest = ((await bodyOf(await stored)) as { sha256: string }).sha256;
    expect(digest).toBe(sent.digest('hex'));
    await memory.look();

    // The reader stops after the first piece.
    const before = proxy.passedBytes('downstream');
    const passed = (): number => proxy.passedBytes('downstream') - before;
    const download = await answerOf(get(`${gateway.address}/files/large`));
    const received = createHash('sha256');
    let receivedBytes = 0;
    for await (const piece of download as AsyncIterable<Buffer>) {
      received.update(piece);
      if (receivedBytes === 0) {
        await rest(memory, passed);
        expect(passed()).toBeLessThan(MAY_BE_UNDER_WAY_BYTES);
      }
      receivedBytes += piece.length;
    }
    expect(receivedBytes).toBe(FILE_BYTES);
    expect(received.digest('hex')).toBe(digest);
    expect(download.headers['x-sha256']).toBe(digest);

    await memory.look();
    expect(memory.highest.files).toBeLessThan(MAY_GROW_BYTES);
    expect(memory.highest.gateway).toBeLessThan(MAY_GROW_BYTES);
  }, 120_000);

  it('fail to arrive when their service is killed: the sender is told, and the next start cleans up', async () => {
    const sending = request(`${gateway.address}/files/half`, { method: 'PUT' });
    const answer = answerOf(sending);
    sending.write(Buffer.alloc(4 * MIB, 'x'));
    await until('some of it is on the disk', async () => {
      const [partial] = await partials();
      return partial !== undefined && (await stat(join(folder, partial))).size > 0;
    });
    await files.kill();
    expect(await partials()).toHaveLength(1);

    files = await startFiles(files.address);
    const response = await answer;
    const body = (await bodyOf(response)) as { readonly statusCode: number };
    // On a machine that is slow to start the service again, the call's own deadline comes first.
    const isLate = body.statusCode === 504;
    expect(response.statusCode).toBe(body.statusCode);
    expect(body).toMatchObject({
      statusCode: isLate ? 504 : 503,
      error: isLate ? 'Gateway Timeout' : 'Service Unavailable',
      code: isLate ? 'DEADLINE_EXCEEDED' : 'CONNECTION_LOST',
      sent: 'maybe',
      retryable: true,
      message: expect.stringMatching(/^files: /),
    });
    expect(await readdir(folder)).toEqual([]);
    sending.destroy();

    const again = await fetch(`${gateway.address}/files/half`, { method: 'PUT', body: 'whole' });
    expect(again.status).toBe(201);
    expect((await filesConnection()).reconnects).toBe(1);
  });
});
