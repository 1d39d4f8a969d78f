import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FaultProxy } from 'heartwire/testing';

import { createChat } from '../src/chat/create-chat.js';
import { createFiles, type Files } from '../src/files/create-files.js';
import { createGateway } from '../src/gateway/create-gateway.js';
import { LeakGuard } from './support/leak-guard.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;

describe('the files of the demo', () => {
  const logger = new RecordingLogger();
  const guard = new LeakGuard();
  const cleanups: (() => unknown)[] = [];
  let folder: string;
  let files: Files;

  beforeEach(async () => {
    Logger.overrideLogger(logger);
    guard.begin();
    folder = await mkdtemp(join(tmpdir(), 'files-'));
    cleanups.push(() => rm(folder, { recursive: true }));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    logger.lines.length = 0;
    await guard.check();
  });

  async function start(
    maxFileBytes = 64 * MIB,
    maxSilenceMs?: number,
  ): Promise<{ url: string; proxy: FaultProxy; base: string; http: Server }> {
    const chat = await createChat({ url: 'tcp://127.0.0.1:0' }, {}, logger);
    await chat.app.listen();
    cleanups.push(() => chat.app.close());
    files = await createFiles({ url: 'tcp://127.0.0.1:0' }, { folder, maxFileBytes }, logger);
    await files.app.listen();
    cleanups.push(() => files.app.close());
    const proxy = await FaultProxy.to(files.server.address);
    cleanups.push(() => proxy.close());
    const gateway = await createGateway(
      {
        chat: { url: chat.server.address },
        files: { url: proxy.url },
        ...(maxSilenceMs !== undefined && { maxSilenceMs }),
      },
      logger,
    );
    await gateway.listen(0, '127.0.0.1');
    cleanups.push(() => gateway.close());
    const base = await gateway.getUrl();
    return { url: `${base}/files`, proxy, base, http: gateway.getHttpServer() };
  }

  /** What is in the folder, beside the notes of digests. */
  const names = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => !name.startsWith('.digest-'));

  const nothingIsLeft = (): Promise<void> =>
    until('nothing is left', async () => (await readdir(folder)).length === 0);

  /** Calls that the files service still runs. */
  const runningCalls = (): number =>
    files.server.connections.reduce((sum, { runningCalls }) => sum + runningCalls, 0);

  const put = (
    url: string,
    body: Uint8Array | string | Readable,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(url, { method: 'PUT', body, headers, duplex: 'half' } as unknown as RequestInit);
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const bytes = Buffer.alloc(8 * MIB, 'heartwire ');

  it('come back as they were sent, and are listed', async () => {
    const { url } = await start();
    const reply = await put(`${url}/a.bin`, bytes, { 'x-sha256': sha256(bytes) });
    expect(reply.status).toBe(201);
    expect(await reply.json()).toMatchObject({ name: 'a.bin', size: bytes.length, sha256: sha256(bytes) });
    const download = await fetch(`${url}/a.bin`);
    expect(download.headers.get('x-sha256')).toBe(sha256(bytes));
    expect(sha256(new Uint8Array(await download.arrayBuffer()))).toBe(sha256(bytes));
    expect(await (await fetch(url)).json()).toMatchObject([{ name: 'a.bin', size: bytes.length }]);
  });

  it('may be JSON, or empty, and are not looked into', async () => {
    const { url } = await start();
    expect((await put(`${url}/a.json`, '{ no', { 'content-type': 'application/json' })).status).toBe(201);
    expect((await put(`${url}/empty`, '')).status).toBe(201);
    expect(await (await fetch(`${url}/a.json`)).text()).toBe('{ no');
    const shouted = url.replace('/files', '/FILES');
    expect((await put(`${shouted}/b.json`, '{"b":1}', { 'content-type': 'application/json' })).status).toBe(
      201,
    );
    expect(await (await fetch(`${url}/b.json`)).text()).toBe('{"b":1}');
    expect(await (await fetch(`${url}/empty`)).text()).toBe('');
  });

  it('may be JSON also where the request has the whole URL, as proxies are asked', async () => {
    const { url, base } = await start();
    const { hostname, port } = new URL(base);
    const asked = request({
      hostname,
      port,
      path: `${url}/a.json`,
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
    });
    asked.end('{"a":1}');
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(201);
    expect(await (await fetch(`${url}/a.json`)).text()).toBe('{"a":1}');
  });

  it('say whether they are new, or took the place of others', async () => {
    const { url } = await start();
    expect((await put(`${url}/a`, 'one')).status).toBe(201);
    const again = await put(`${url}/a`, 'two');
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ name: 'a', sha256: sha256(Buffer.from('two')) });
    expect(await (await fetch(`${url}/a`)).text()).toBe('two');
  });

  it('are refused in part: the whole file stays', async () => {
    const { url } = await start();
    await put(`${url}/a`, 'whole');
    expect((await put(`${url}/a`, 'le', { 'content-range': 'bytes 3-4/5' })).status).toBe(400);
    expect(await (await fetch(`${url}/a`)).text()).toBe('whole');
  });

  it('tell of the progress to whoever asks for events', async () => {
    const { url } = await start();
    const text = await (await put(`${url}/a.bin`, bytes, { accept: 'text/event-stream' })).text();
    const events = text
      .split('\n\n')
      .filter(Boolean)
      .map((event) => JSON.parse(event.slice(6)) as object);
    expect(events.length).toBeGreaterThan(3);
    expect(events.at(-1)).toMatchObject({ stored: { sha256: sha256(bytes) } });
  });

  it('may be asked about without being sent', async () => {
    const { url } = await start();
    await put(`${url}/a.bin`, bytes);
    const { status, headers } = await fetch(`${url}/a.bin`, { method: 'HEAD' });
    expect(status).toBe(200);
    expect(headers.get('content-length')).toBe(String(bytes.length));
    expect(headers.get('x-sha256')).toBe(sha256(bytes));
    await until('nothing runs', () => runningCalls() === 0);
  });

  it('with another digest, or too long, are refused and leave nothing', async () => {
    const { url } = await start(4 * MIB);
    expect((await put(`${url}/a`, 'short', { 'x-sha256': '0'.repeat(64) })).status).toBe(422);
    expect((await put(`${url}/a`, 'short', { 'x-sha256': 'no digest' })).status).toBe(400);
    expect((await put(`${url}/a`, Buffer.alloc(4 * MIB + 1))).status).toBe(413);
    expect((await put(`${url}/a`, Readable.from([bytes, bytes]))).status).toBe(413);
    await nothingIsLeft();
  });

  it('that are refused are refused in words, also to who has much more to send', async () => {
    const { url } = await start(MIB);
    const endless = Readable.from(
      (async function* () {
        for (let sent = 0; sent < 64; sent += 1) yield bytes.subarray(0, MIB);
      })(),
    );
    const reply = await put(`${url}/a`, endless);
    expect(reply.status).toBe(413);
    expect(await reply.json()).toMatchObject({ statusCode: 413, message: 'a file may have 1048576 bytes' });
  });

  it('for which there is no room are refused, and leave nothing', async () => {
    const { url } = await start();
    const probe = await open(join(folder, 'probe'), 'w');
    const disk = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    await rm(join(folder, 'probe'));
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const { writeFile: write } = disk;
    let writes = 0;
    jest.spyOn(disk, 'writeFile').mockImplementation(function (this: FileHandle, ...args) {
      writes += 1;
      return writes > 20 ? Promise.reject(full) : write.apply(this, args);
    });

    const reply = await put(`${url}/a`, bytes);
    expect(reply.status).toBe(507);
    expect(await reply.json()).toEqual({
      statusCode: 507,
      error: 'Insufficient Storage',
      message: 'there is no room left for files',
    });
    await nothingIsLeft();
    expect(logger.texts('error')).toContainEqual(expect.stringContaining('ENOSPC'));

    jest.restoreAllMocks();
    expect((await put(`${url}/a`, bytes)).status).toBe(201);
  });

  it('of a folder that is gone are refused, and the paths of the service are not told', async () => {
    const { url } = await start();
    await rm(folder, { recursive: true });
    await writeFile(folder, 'no folder');
    for (const reply of [await put(`${url}/a`, 'x'), await fetch(`${url}/a`), await fetch(url)]) {
      expect(reply.status).toBe(500);
      expect(await reply.json()).toEqual({
        statusCode: 500,
        error: 'Internal Server Error',
        message: 'the disk of the files service failed (ENOTDIR)',
      });
    }
  });

  it('that are no longer what was stored do not arrive whole', async () => {
    const { url } = await start();
    await put(`${url}/a`, bytes);
    // As a disk does that forgets: nobody has written to it, as far as the note can tell.
    await writeFile(join(folder, 'a'), Buffer.alloc(bytes.length, 'heartwirr '));
    const { size, mtimeMs } = await stat(join(folder, 'a'));
    await writeFile(join(folder, '.digest-a'), `${sha256(bytes)} ${size} ${mtimeMs}\n`);

    const download = await fetch(`${url}/a`);
    await expect(download.arrayBuffer()).rejects.toThrow();
    await until('it is logged', () =>
      logger.texts('warn').some((line) => line.includes('The download of "a" broke off')),
    );
  });

  it.each(['..%2fout', '%2fetc%2fpasswd', '.hidden', 'a%00b', '..%5cout', 'a%2fb'])(
    '%s is no name',
    async (name) => {
      const { url } = await start();
      expect((await put(`${url}/${name}`, 'x')).status).toBe(400);
      expect((await fetch(`${url}/${name}`)).status).toBe(400);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('that are not there are not found', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/none`)).status).toBe(404);
  });

  it('arrive whole when the link is cut on the way, again and again', async () => {
    const { url, proxy } = await start();
    await until('the first link is there', () => files.server.connections.length === 1);
    const cutsAt: number[] = [];
    const body = Readable.from(
      (async function* () {
        for (let at = 0; at < bytes.length; at += 2 * MIB) {
          const { accepted } = proxy;
          proxy.cutAfter(MIB, { direction: 'upstream' });
          yield bytes.subarray(at, at + 2 * MIB);
          // The next piece goes over the next link.
          await until('the link was cut and is back', () => proxy.accepted > accepted);
          cutsAt.push(proxy.passedBytes('upstream'));
        }
      })(),
    );
    const reply = await put(`${url}/cut`, body);
    expect(await reply.json()).toMatchObject({ sha256: sha256(bytes) });
    expect(sha256(await readFile(join(folder, 'cut')))).toBe(sha256(bytes));

    expect(cutsAt).toHaveLength(4);
    expect(cutsAt[0]).toBeGreaterThan(0);
    expect(proxy.passedBytes('upstream')).toBeGreaterThan(cutsAt[3] ?? Infinity);
  });

  it('leave whole when the link is cut on the way', async () => {
    const { url, proxy } = await start();
    await put(`${url}/cut`, bytes);
    const { accepted } = proxy;
    const before = proxy.passedBytes('downstream');
    proxy.cutAfter(3 * MIB, { direction: 'downstream' });
    const download = await fetch(`${url}/cut`);

    expect(sha256(new Uint8Array(await download.arrayBuffer()))).toBe(sha256(bytes));
    expect(proxy.accepted).toBe(accepted + 1);
    // Three of eight went over the first link, and the others, at least, over the second.
    expect(proxy.passedBytes('downstream') - before).toBeGreaterThanOrEqual(bytes.length);
  });

  it('leave nothing when their sender goes in the middle', async () => {
    const { url } = await start();
    const sending = request(`${url}/half`, { method: 'PUT', headers: { 'content-length': 60 * MIB } });
    sending.on('error', () => undefined);
    sending.write(bytes);
    await until('it has begun', async () => (await names()).length === 1);
    sending.destroy();
    await nothingIsLeft();
    await until('nothing runs', () => runningCalls() === 0);
  });

  it('may take as long as they take, but whoever falls silent in the middle is given up', async () => {
    const { url, http } = await start(64 * MIB, 500);
    expect(http.requestTimeout).toBe(0);
    const sending = request(`${url}/silent`, { method: 'PUT' });
    const isLost = once(sending, 'error');
    sending.write(Buffer.alloc(MIB));
    await until('it has begun', async () => (await readdir(folder)).length > 0);
    await isLost;
    await nothingIsLeft();
  });

  it('leave nothing when a sender who hears of the progress goes in the middle', async () => {
    const { url } = await start();
    const headers = { accept: 'text/event-stream', 'content-length': 60 * MIB };
    const sending = request(`${url}/half`, { method: 'PUT', headers });
    sending.on('error', () => undefined);
    const answer = new Promise<IncomingMessage>((resolve) => sending.once('response', resolve));
    sending.write(bytes);
    await answer;
    sending.destroy();
    await nothingIsLeft();
    await until('nothing runs', () => runningCalls() === 0);
  });

  it('that nobody reads any further are not read from the disk any further, and let go with their reader', async () => {
    const { url, proxy } = await start();
    await put(`${url}/large`, Readable.from([bytes, bytes, bytes, bytes, bytes, bytes]));
    const download = await new Promise<IncomingMessage>((resolve) => get(`${url}/large`, resolve));
    download.on('error', () => undefined);
    await new Promise((resolve) => download.once('readable', resolve));
    await until('nothing else runs', () => runningCalls() === 1);

    expect((await put(`${url}/other`, 'goes past it')).status).toBe(201);
    expect(proxy.passedBytes('downstream')).toBeLessThan(40 * MIB);
    download.destroy();
    await until('nothing runs', () => runningCalls() === 0);
  });

  it('that an earlier process left half written are removed at the start', async () => {
    await writeFile(join(folder, '.partial-1'), 'x');
    await writeFile(join(folder, 'whole'), 'x');
    await start();
    expect(await readdir(folder)).toEqual(['whole']);
  });

  it('have a connection of their own, which /health and /connections show', async () => {
    const { base, proxy } = await start();
    const ask = async (path: string): Promise<{ status: number; body: Record<string, unknown> }> => {
      const reply = await fetch(`${base}/${path}`);
      return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
    };
    await until('all is well', async () => (await ask('health')).status === 200);
    expect((await ask('health')).body).toMatchObject({
      details: { chat: { status: 'up' }, files: { status: 'up' } },
    });
    expect((await ask('connections')).body).toMatchObject({
      chat: { status: 'connected', reconnects: 0 },
      files: { url: proxy.url, status: 'connected', reconnects: 0 },
    });

    proxy.target = undefined;
    proxy.reset();
    await until('files is missed', async () => (await ask('health')).status === 503);
    expect((await ask('health')).body).toMatchObject({
      info: { chat: { status: 'up' } },
      error: { files: { status: 'down' } },
    });
    expect((await ask('connections')).body).toMatchObject({
      chat: { status: 'connected', lostAt: null },
      files: { status: 'reconnecting', lostAt: expect.any(String) },
    });
  });
});
