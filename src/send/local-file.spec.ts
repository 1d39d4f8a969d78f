import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { withoutRights } from '../../test/support/without-rights.js';
import { failureText } from './failure-text.js';
import { LocalFile } from './local-file.js';

describe('a file that is to be sent', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'local-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** What the user is told. Under Jest the errors of Node are none of the tests' own realm. */
  const refusalOf = async (path: string): Promise<string> => {
    const failure = await LocalFile.open(path).catch((error: unknown) =>
      Object.assign(new Error((error as Error).message), error),
    );
    return failureText(failure, 'tcp://127.0.0.1:1');
  };

  it('is refused in words when it may not be read', async () => {
    const path = join(folder, 'secret');
    await writeFile(path, 'x');
    await chmod(path, 0);
    await chmod(folder, 0o755);
    expect(await withoutRights(() => refusalOf(path))).toBe(`${path} may not be read`);
  });

  it('is refused in words when there is none, or it is a folder', async () => {
    expect(await refusalOf(join(folder, 'none'))).toBe(`There is no file ${join(folder, 'none')}`);
    expect(await refusalOf(folder)).toBe(`It failed: ${folder} is not a file`);
  });

  it('is refused when it is a pipe, without waiting for its writer', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(await refusalOf(path)).toBe(`It failed: ${path} is not a file`);
  });
});
