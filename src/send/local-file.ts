import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A pipe is not waited for until somebody writes there. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** A file of this machine, read once from its beginning to its end. */
export class LocalFile {
  private readonly hash: Hash = createHash('sha256');

  private constructor(
    private readonly file: FileHandle,
    /** Bytes, when it was opened. */
    readonly size: number,
  ) {}

  /** @throws Error of the file system, or one that says that it is no file. */
  static async open(path: string): Promise<LocalFile> {
    const file = await open(path, OPEN_FLAGS);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new Error(`${path} is not a file`);
      return new LocalFile(file, stats.size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async *bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of this.file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      this.hash.update(chunk);
      yield chunk;
    }
  }

  /** SHA-256 of what was read. Once, after the last byte. */
  digest(): string {
    return this.hash.digest('hex');
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
