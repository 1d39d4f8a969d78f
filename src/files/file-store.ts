import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import {
  Inject,
  Injectable,
  NotFoundException,
  type OnModuleInit,
  PayloadTooLargeException,
  UnprocessableEntityException,
} from '@nestjs/common';

import type { StoredFile, UploadProgress } from '../contract/stored-file.js';

export const STORE_OPTIONS = 'STORE_OPTIONS';

export interface StoreOptions {
  readonly folder: string;
  /** Bytes of one file. */
  readonly maxFileBytes: number;
}

/** Begins the name of a file that isn't whole yet; no name that a caller may give begins so. */
const PARTIAL = '.partial-';
const PROGRESS_EVERY_BYTES = 1024 ** 2;

/** Files in one folder. A file is there once it is whole, and never in part. */
@Injectable()
export class FileStore implements OnModuleInit {
  constructor(@Inject(STORE_OPTIONS) private readonly options: StoreOptions) {}

  /** Removes what an earlier process left half written: one process owns the folder. */
  async onModuleInit(): Promise<void> {
    const { folder } = this.options;
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    await Promise.all(
      names.filter((name) => name.startsWith(PARTIAL)).map((name) => rm(join(folder, name), { force: true })),
    );
  }

  async list(): Promise<readonly StoredFile[]> {
    const { folder } = this.options;
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
    return Promise.all(names.sort().map(async (name) => described(name, await stat(join(folder, name)))));
  }

  /**
   * Writes to a name of its own, and renames at the end; however it ends, nothing partial stays.
   *
   * @throws PayloadTooLargeException, or UnprocessableEntityException when the digest is another.
   */
  async *put(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    sha256: string | undefined,
  ): AsyncGenerator<UploadProgress> {
    const partial = join(this.options.folder, `${PARTIAL}${randomUUID()}`);
    const file = await open(partial, 'wx');
    try {
      yield { received: 0 };
      const digest = yield* this.write(file, bytes);
      if (sha256 !== undefined && digest !== sha256) {
        throw new UnprocessableEntityException(`the SHA-256 of what came is ${digest}, not ${sha256}`);
      }
      await file.sync();
      const stored = { ...described(name, await file.stat()), sha256: digest };
      await file.close();
      await rename(partial, join(this.options.folder, name));
      yield { received: stored.size, stored };
    } finally {
      await file.close();
      await rm(partial, { force: true });
    }
  }

  /** @throws NotFoundException */
  async *get(name: string): AsyncGenerator<StoredFile | Buffer> {
    const file = await open(join(this.options.folder, name)).catch(() => {
      throw new NotFoundException(`there is no file "${name}"`);
    });
    try {
      yield described(name, await file.stat());
      yield* file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>;
    } finally {
      await file.close();
    }
  }

  private async *write(
    file: FileHandle,
    bytes: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<UploadProgress, string> {
    const hash = createHash('sha256');
    let received = 0;
    let told = 0;
    for await (const chunk of bytes) {
      received += chunk.byteLength;
      if (received > this.options.maxFileBytes) {
        throw new PayloadTooLargeException(`a file may have ${String(this.options.maxFileBytes)} bytes`);
      }
      hash.update(chunk);
      await file.writeFile(chunk);
      if (received - told < PROGRESS_EVERY_BYTES) continue;
      told = received;
      yield { received };
    }
    return hash.digest('hex');
  }
}

function described(name: string, { size, mtime }: { size: number; mtime: Date }): StoredFile {
  return { name, size, storedAt: mtime.toISOString() };
}
