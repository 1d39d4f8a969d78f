import { createHash } from 'node:crypto';
import {
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { withoutRights } from '../../test/support/without-rights.js';
import type { FileHead, UploadProgress } from '../contract/stored-file.js';
import { FileStore } from './file-store.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('the files on the disk', () => {
  let folder: string;
  let store: FileStore;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    folder = await mkdtemp(join(tmpdir(), 'store-'));
    store = new FileStore({ folder, maxFileBytes: 100 });
    await store.onModuleInit();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(folder, { recursive: true, force: true });
  });

  /** What is in the folder, beside the notes of digests. */
  const names = async (): Promise<string[]> => {
    const all = await readdir(folder);
    return all.filter((name) => !name.startsWith('.digest-')).sort();
  };

  const put = (name: string, ...texts: string[]): Promise<UploadProgress[]> =>
    collected(store.put(name, pieces(...texts)));

  async function got(name: string): Promise<{ head: FileHead; text: string }> {
    const [head, ...bytes] = await collected(store.get(name));
    return { head: head as FileHead, text: Buffer.concat(bytes as Buffer[]).toString() };
  }

  /** The next write of any file fails as the system would. */
  async function breakTheDisk(code: string): Promise<void> {
    const probe = await open(join(folder, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    await rm(join(folder, 'probe'));
    const error = Object.assign(new Error(`${code}: ${folder}`), { code, syscall: 'write' });
    jest.spyOn(prototype, 'writeFile').mockRejectedValueOnce(error);
  }

  it('come back with the digest that was told when they were stored', async () => {
    const progress = await put('a', 'one ', 'two');
    expect(progress.at(0)).toEqual({ received: 0 });
    expect(progress.at(-1)).toMatchObject({ received: 7, stored: { size: 7, sha256: sha256('one two') } });

    const { head, text } = await got('a');
    expect(text).toBe('one two');
    expect(head).toMatchObject({ name: 'a', size: 7, sha256: sha256('one two') });
  });

  it('may be empty', async () => {
    await put('empty');
    expect(await got('empty')).toMatchObject({ text: '', head: { size: 0, sha256: sha256('') } });
  });

  it('that somebody changed or put there have no digest', async () => {
    await put('changed', 'old');
    await writeFile(join(folder, 'changed'), 'new text');
    await writeFile(join(folder, 'put there'), 'x');

    expect((await got('changed')).head.sha256).toBeUndefined();
    expect((await got('put there')).head.sha256).toBeUndefined();
  });

  it('tell of each MiB', async () => {
    const large = new FileStore({ folder, maxFileBytes: 2 ** 30 });
    const mib = 'x'.repeat(2 ** 20);
    const progress = await collected(large.put('a', pieces(mib, 'y', mib)));
    expect(progress.map(({ received }) => received)).toEqual([0, 2 ** 20, 2 ** 21 + 1, 2 ** 21 + 1]);
  });

  it('wait for who hears of the progress: no more is read from their source meanwhile', async () => {
    const large = new FileStore({ folder, maxFileBytes: 2 ** 30 });
    let given = 0;
    const source = (async function* () {
      for (; given < 10; given += 1) yield Buffer.alloc(2 ** 20);
    })();
    const uploading = large.put('a', source);
    await uploading.next();
    await uploading.next();
    expect(given).toBe(0);
    await uploading.next();
    expect(given).toBe(1);
    await uploading.return(undefined);
    expect(await names()).toEqual([]);
  });

  it('of one name, sent at once, are each whole: one takes the place of the other', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(10 + index));
    await Promise.all(texts.map((text) => put('same', text.slice(0, 5), text.slice(5))));

    const { head, text } = await got('same');
    expect(texts).toContain(text);
    expect(head.sha256).toBe(sha256(text));
    expect(await names()).toEqual(['same']);
    expect(await collected(store.list())).toMatchObject([{ name: 'same', size: text.length }]);
  });

  describe('that fail', () => {
    beforeEach(async () => {
      await put('kept', 'as it was');
    });

    afterEach(async () => {
      expect(await names()).toEqual(['kept']);
      expect((await got('kept')).text).toBe('as it was');
    });

    it('because they are longer than they may be leave nothing', async () => {
      await put('kept', 'x'.repeat(100));
      await put('kept', 'as it was');
      await expect(put('kept', 'x'.repeat(60), 'x'.repeat(41))).rejects.toMatchObject({ status: 413 });
    });

    it('because they say that they are too long are refused before anything is read', async () => {
      let wasRead = false;
      const source = (async function* () {
        wasRead = true;
        yield Buffer.from('x');
      })();
      await expect(collected(store.put('kept', source, { size: 101 }))).rejects.toMatchObject({
        status: 413,
      });
      expect(wasRead).toBe(false);
    });

    it('because of another digest leave nothing', async () => {
      const uploading = store.put('kept', pieces('other'), { sha256: sha256('one') });
      await expect(collected(uploading)).rejects.toMatchObject({ status: 422 });
    });

    it('with their source leave nothing, and fail as it did', async () => {
      const source = (async function* () {
        yield Buffer.from('x');
        throw new Error('torn');
      })();
      await expect(collected(store.put('kept', source))).rejects.toThrow('torn');
    });

    it('because whoever sent them left leave nothing', async () => {
      const uploading = store.put('kept', pieces('x'));
      await uploading.next();
      await uploading.return(undefined);
    });

    it.each([
      ['ENOSPC', 507],
      ['EDQUOT', 507],
      ['EIO', 500],
      ['EROFS', 500],
    ])('with %s of the disk say HTTP %s, and no path', async (code, status) => {
      await breakTheDisk(code);
      const failure = await put('kept', 'x').catch((error: unknown) => error);
      expect(failure).toMatchObject({ status });
      expect(JSON.stringify((failure as { getResponse(): unknown }).getResponse())).not.toContain(folder);
    });
  });

  it('of a folder that is gone fail, and are not taken for files that are not there', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'no folder');
    await expect(put('a', 'x')).rejects.toMatchObject({ status: 500 });
    await expect(got('a')).rejects.toMatchObject({ status: 500 });
    await expect(collected(store.list())).rejects.toMatchObject({ status: 500 });
  });

  it('of a folder that may not be used fail, and are not taken for files that are not there', async () => {
    await put('a', 'x');
    await chmod(folder, 0);
    const tries = [(): Promise<unknown> => put('b', 'x'), () => got('a'), () => collected(store.list())];
    await withoutRights(async () => {
      for (const attempt of tries) {
        await expect(attempt()).rejects.toMatchObject({
          status: 500,
          message: 'the disk of the files service failed (EACCES)',
        });
      }
    });
    await chmod(folder, 0o700);
    expect(await names()).toEqual(['a']);
  });

  it('are not found when there are none, nor links or folders of that name', async () => {
    await mkdir(join(folder, 'folder'));
    await symlink('/etc/passwd', join(folder, 'link'));

    for (const name of ['none', 'folder', 'link']) {
      await expect(got(name)).rejects.toMatchObject({ status: 404 });
    }
    expect(await collected(store.list())).toEqual([]);
  });

  it('take the place of a link, and do not write to where it leads', async () => {
    const outside = `${folder}-outside`;
    await writeFile(outside, 'untouched');
    await symlink(outside, join(folder, 'link'));
    await put('link', 'mine');

    expect(await readFile(outside, 'utf8')).toBe('untouched');
    expect((await got('link')).text).toBe('mine');
    await rm(outside);
  });

  it('that an earlier process left half written are removed at the start, with notes of nothing', async () => {
    await put('whole', 'x');
    await writeFile(join(folder, '.partial-1'), 'x');
    await writeFile(join(folder, '.partial-1.digest'), 'x');
    await writeFile(join(folder, '.digest-gone'), 'x');
    await new FileStore({ folder, maxFileBytes: 1 }).onModuleInit();

    expect((await readdir(folder)).sort()).toEqual(['.digest-whole', 'whole']);
    expect((await got('whole')).head.sha256).toBe(sha256('x'));
  });
});
