import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy } from 'heartwire/testing';

import { createChat } from '../src/chat/create-chat.js';
import { createFiles } from '../src/files/create-files.js';
import { createGateway } from '../src/gateway/create-gateway.js';
import { RecordingLogger } from './support/stage.js';
import { until } from './support/until.js';

const MIB = 1_024 ** 2;

describe('the files of the demo', () => {
  const logger = new RecordingLogger();
  const cleanups: (() => unknown)[] = [];
  let folder: string;

  beforeEach(async () => {
    Logger.overrideLogger(logger);
    folder = await mkdtemp(join(tmpdir(), 'files-'));
    cleanups.push(() => rm(folder, { recursive: true }));
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(maxFileBytes = 64 * MIB): Promise<{ url: string; proxy: FaultProxy }> {
    const chat = await createChat({ url: 'tcp://127.0.0.1:0' }, logger);
    await chat.app.listen();
    cleanups.push(() => chat.app.close());
    const files = await createFiles({ url: 'tcp://127.0.0.1:0' }, { folder, maxFileBytes }, logger);
    await files.app.listen();
    cleanups.push(() => files.app.close());
    const proxy = await FaultProxy.to(files.server.address);
    cleanups.push(() => proxy.close());
    const gateway = await createGateway({ url: chat.server.address }, logger, { url: proxy.url });
    await gateway.listen(0, '127.0.0.1');
    cleanups.push(() => gateway.close());
    return { url: `${await gateway.getUrl()}/files`, proxy };
  }

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
    expect(sha256(new Uint8Array(await (await fetch(`${url}/a.bin`)).arrayBuffer()))).toBe(sha256(bytes));
    expect(await (await fetch(url)).json()).toMatchObject([{ name: 'a.bin', size: bytes.length }]);
  });

  it('may be JSON, or empty, and are not looked into', async () => {
    const { url } = await start();
    expect((await put(`${url}/a.json`, '{ no', { 'content-type': 'application/json' })).status).toBe(201);
    expect((await put(`${url}/empty`, '')).status).toBe(201);
    expect(await (await fetch(`${url}/a.json`)).text()).toBe('{ no');
    expect(await (await fetch(`${url}/empty`)).text()).toBe('');
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

  it('with another digest, or too long, are refused and leave nothing', async () => {
    const { url } = await start(4 * MIB);
    expect((await put(`${url}/a`, 'short', { 'x-sha256': '0'.repeat(64) })).status).toBe(422);
    expect((await put(`${url}/a`, Buffer.alloc(4 * MIB + 1))).status).toBe(413);
    await until('nothing is left', async () => (await readdir(folder)).length === 0);
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

  it('arrive whole when the link is cut on the way, and so they leave', async () => {
    const { url, proxy } = await start();
    let cuts = 0;
    const body = Readable.from(
      (async function* () {
        for (let at = 0; at < bytes.length; at += MIB) {
          if (at % (2 * MIB) === 0) {
            proxy.cut();
            cuts += 1;
          }
          yield bytes.subarray(at, at + MIB);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })(),
    );
    const reply = await put(`${url}/cut`, body);
    expect(await reply.json()).toMatchObject({ sha256: sha256(bytes) });
    expect(cuts).toBe(4);
    expect(sha256(await readFile(join(folder, 'cut')))).toBe(sha256(bytes));

    const download = await fetch(`${url}/cut`);
    const parts: Uint8Array[] = [];
    for await (const part of download.body ?? []) {
      if (parts.push(part as Uint8Array) === 3) proxy.cut();
    }
    expect(sha256(Buffer.concat(parts))).toBe(sha256(bytes));
  });

  it('leave nothing when their sender goes in the middle', async () => {
    const { url } = await start();
    const sending = request(`${url}/half`, { method: 'PUT', headers: { 'content-length': 60 * MIB } });
    sending.on('error', () => undefined);
    sending.write(bytes);
    await until('it has begun', async () => (await readdir(folder)).length === 1);
    sending.destroy();
    await until('nothing is left', async () => (await readdir(folder)).length === 0);
  });

  it('that an earlier process left half written are removed at the start', async () => {
    await writeFile(join(folder, '.partial-1'), 'x');
    await writeFile(join(folder, 'whole'), 'x');
    await start();
    expect(await readdir(folder)).toEqual(['whole']);
  });
});
