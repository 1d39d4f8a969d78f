import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type Contents, digestNoteOf, writeDigestNote } from './digest-note.js';

/** Begins the name of a file that isn't whole yet; no name that a caller may give begins so. */
const PREFIX = '.partial-';

/** What was written, before it has its name. */
export interface Written extends Contents {
  readonly sha256: string;
  readonly mtime: Date;
}

/** A file on its way to the disk, under a name of its own. `discard` it, however it went. */
export class PartialFile {
  /** Bytes that were written. */
  size = 0;
  private readonly hash = createHash('sha256');

  private constructor(
    private readonly folder: string,
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async create(folder: string): Promise<PartialFile> {
    const path = join(folder, `${PREFIX}${randomUUID()}`);
    return new PartialFile(folder, path, await open(path, 'wx'));
  }

  /** Removes what an earlier process left half written: one process owns the folder. */
  static async removeAll(folder: string): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.startsWith(PREFIX));
    await Promise.all(names.map((name) => rm(join(folder, name), { force: true })));
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.file.writeFile(chunk);
    this.hash.update(chunk);
    this.size += chunk.byteLength;
  }

  /** All of it is on the disk, with a note of its digest. */
  async finish(): Promise<Written> {
    await this.file.sync();
    const { size, mtimeMs, mtime } = await this.file.stat();
    const sha256 = this.hash.digest('hex');
    await writeDigestNote(this.notePath, sha256, { size, mtimeMs });
    await this.file.close();
    return { size, mtimeMs, mtime, sha256 };
  }

  /** Takes the place of whatever had this name. Returns whether no file had it. */
  async rename(name: string): Promise<boolean> {
    const path = join(this.folder, name);
    const before = await lstat(path).catch(() => undefined);
    await rename(this.path, path);
    await rename(this.notePath, digestNoteOf(this.folder, name));
    return before?.isFile() !== true;
  }

  /** Leaves nothing under its own name. */
  async discard(): Promise<void> {
    try {
      await this.file.close();
    } finally {
      await rm(this.path, { force: true });
      await rm(this.notePath, { force: true });
    }
  }

  private get notePath(): string {
    return `${this.path}.digest`;
  }
}
