import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import {
  Inject,
  Injectable,
  Logger,
  NotFoundException,
  type OnModuleInit,
  PayloadTooLargeException,
  UnprocessableEntityException,
} from '@nestjs/common';

import type { FileHead, StoredFile, UploadProgress } from '../contract/stored-file.js';
import { digestNoteOf, readDigestNote, removeStrayNotes } from './digest-note.js';
import { isDiskError, toHttpException } from './disk-failure.js';
import { PartialFile } from './partial-file.js';

export const STORE_OPTIONS = 'STORE_OPTIONS';

export interface StoreOptions {
  readonly folder: string;
  /** Bytes of one file. */
  readonly maxFileBytes: number;
}

/** What the sender of a file says of it beforehand. */
export interface Announcement {
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
}

const PROGRESS_EVERY_BYTES = 1024 ** 2;
/** No link is followed out of the folder, and nothing that is no file is waited for. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Why `open` fails when there is no such file: none, or a link. */
const NOT_THERE = new Set(['ENOENT', 'ELOOP', 'ENXIO']);

/** Files in one folder. A file is there once it is whole, and never in part. Whatever the disk does wrong is an HttpException. */
@Injectable()
export class FileStore implements OnModuleInit {
  private readonly logger = new Logger(FileStore.name);
  /** A file and the note of its digest get their names together. */
  private naming: Promise<unknown> = Promise.resolve();

  constructor(@Inject(STORE_OPTIONS) private readonly options: StoreOptions) {}

  /** Removes what an earlier process left behind. */
  async onModuleInit(): Promise<void> {
    const { folder } = this.options;
    await mkdir(folder, { recursive: true });
    await PartialFile.removeAll(folder);
    await removeStrayNotes(folder);
  }

  /** By their names, one after the other: there may be more of them than fit into one message. */
  async *list(): AsyncGenerator<StoredFile> {
    const { folder } = this.options;
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      const names = entries
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map(({ name }) => name);
      for (const name of names.sort()) yield described(name, await stat(join(folder, name)));
    } catch (error) {
      throw this.explained(error);
    }
  }

  /**
   * Writes to a name of its own, and renames at the end; however it ends, nothing partial stays.
   *
   * @throws PayloadTooLargeException; UnprocessableEntityException when the digest is another; 507 when the disk is full.
   */
  async *put(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    { size = 0, sha256 }: Announcement = {},
  ): AsyncGenerator<UploadProgress> {
    this.checkSize(size);
    try {
      const partial = await PartialFile.create(this.options.folder);
      try {
        yield { received: 0 };
        yield* this.write(partial, bytes);
        const written = await partial.finish();
        if (sha256 !== undefined && written.sha256 !== sha256) {
          throw new UnprocessableEntityException(
            `the SHA-256 of what came is ${written.sha256}, not ${sha256}`,
          );
        }
        const isNew = await this.giveName(partial, name);
        yield {
          received: written.size,
          stored: { ...described(name, written), sha256: written.sha256 },
          isNew,
        };
      } finally {
        await partial.discard();
      }
    } catch (error) {
      throw this.explained(error);
    }
  }

  /**
   * What it is, then its bytes.
   *
   * @throws NotFoundException
   */
  async *get(name: string): AsyncGenerator<FileHead | Buffer> {
    const { folder } = this.options;
    try {
      const file = await open(join(folder, name), OPEN_FLAGS).catch((error: unknown) => {
        throw isDiskError(error) && NOT_THERE.has(error.code) ? notFound(name) : error;
      });
      try {
        const stats = await file.stat();
        if (!stats.isFile()) throw notFound(name);
        const sha256 = await readDigestNote(digestNoteOf(folder, name), stats);
        yield { ...described(name, stats), ...(sha256 !== undefined && { sha256 }) };
        if (stats.size > 0) yield* read(file, stats.size);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw this.explained(error);
    }
  }

  private async *write(
    partial: PartialFile,
    bytes: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<UploadProgress> {
    let told = 0;
    for await (const chunk of bytes) {
      this.checkSize(partial.size + chunk.byteLength);
      await partial.write(chunk);
      if (partial.size - told < PROGRESS_EVERY_BYTES) continue;
      told = partial.size;
      yield { received: told };
    }
  }

  private giveName(partial: PartialFile, name: string): Promise<boolean> {
    const named = this.naming.then(() => partial.rename(name));
    this.naming = named.catch(() => undefined);
    return named;
  }

  private checkSize(bytes: number): void {
    const { maxFileBytes } = this.options;
    if (bytes > maxFileBytes) {
      throw new PayloadTooLargeException(`a file may have ${String(maxFileBytes)} bytes`);
    }
  }

  /** The log has what the caller may not know. */
  private explained(error: unknown): unknown {
    if (!isDiskError(error)) return error;
    this.logger.error(error);
    return toHttpException(error);
  }
}

/** What is appended meanwhile isn't part of it. */
function read(file: FileHandle, size: number): AsyncIterable<Buffer> {
  return file.createReadStream({ autoClose: false, start: 0, end: size - 1 });
}

function notFound(name: string): NotFoundException {
  return new NotFoundException(`there is no file "${name}"`);
}

function described(name: string, { size, mtime }: { size: number; mtime: Date }): StoredFile {
  return { name, size, storedAt: mtime.toISOString() };
}
