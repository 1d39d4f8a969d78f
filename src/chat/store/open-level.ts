import { mkdir, readdir, rename, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { LoggerService } from '@nestjs/common';
import { ClassicLevel } from 'classic-level';

export type Level = ClassicLevel;

/** What opening a folder writes besides what its log holds. */
const SPARE_BYTES = 64 * 1_024;

/** Whether the disk has enough left to open a folder that was open before: what the log holds is then written to another file. */
export async function hasRoom(folder: string): Promise<boolean> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(folder, name))).size));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= sizes.reduce((sum, size) => sum + size, SPARE_BYTES);
}

/**
 * Opens a store's folder, and reads it once with `check`. One that is damaged is repaired; one that can't be is moved
 * aside, so that the chat goes on without it.
 *
 * @throws Error when another process has it open, or the disk refuses
 */
export async function openLevel(
  folder: string,
  check: (level: Level) => Promise<void>,
  logger: LoggerService,
): Promise<Level> {
  await mkdir(dirname(folder), { recursive: true });
  try {
    return await openChecked(folder, check);
  } catch (error) {
    if (codeOf(error) === 'LEVEL_LOCKED')
      throw new Error(`another process has ${folder} open: stop it, or set CHAT_FOLDER to something else`, {
        cause: error,
      });
    if (!isDamage(error)) throw new Error(`${folder} can't be used: ${reasonOf(error)}`, { cause: error });
    logger.warn(`What ${folder} holds is damaged: ${reasonOf(error)}. It is repaired as far as that goes`);
  }
  try {
    await ClassicLevel.repair(folder);
    return await openChecked(folder, check);
  } catch (error) {
    const aside = `${folder}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
    logger.error(`It can't be repaired: ${reasonOf(error)}. It is now ${aside}, and the history begins anew`);
    await rename(folder, aside);
    return openChecked(folder, check);
  }
}

async function openChecked(folder: string, check: (level: Level) => Promise<void>): Promise<Level> {
  const level = new ClassicLevel(folder, { createIfMissing: !(await holdsSomething(folder)) });
  try {
    await level.open();
    await check(level);
    return level;
  } catch (error) {
    await level.close();
    throw error;
  }
}

/** Where only CURRENT is missing, LevelDB would make a new store, and remove what is there. */
async function holdsSomething(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.some((name) => name.startsWith('MANIFEST-'));
}

/** An error of abstract-level's, behind which stands one of LevelDB's own. */
interface Failure {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: Failure;
}

function codeOf(error: unknown): unknown {
  const { code, cause } = error as Failure;
  return cause?.code ?? code;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Failure;
  return String(cause?.message ?? message);
}

function isDamage(error: unknown): boolean {
  const isMissingFile = /missing files|does not exist|No such file/i.test(reasonOf(error));
  // So LevelDB calls it where a table is shorter than its parts say.
  const isCutTable = /\.ldb: Invalid argument/.test(reasonOf(error));
  return codeOf(error) === 'LEVEL_CORRUPTION' || isMissingFile || isCutTable;
}
