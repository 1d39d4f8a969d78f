import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What tells one content of a file from the next one. */
export interface Contents {
  readonly size: number;
  readonly mtimeMs: number;
}

/** Begins the name of a note; no name that a caller may give begins so. */
const PREFIX = '.digest-';

/** Where the digest of a file is noted: beside it. */
export const digestNoteOf = (folder: string, name: string): string => join(folder, `${PREFIX}${name}`);

export function writeDigestNote(path: string, sha256: string, contents: Contents): Promise<void> {
  return writeFile(path, line(sha256, contents), { flag: 'wx' });
}

/** The digest of a file, unless the file is not the one that was noted, or none was. */
export async function readDigestNote(path: string, contents: Contents): Promise<string | undefined> {
  const note = await readFile(path, 'utf8').catch(() => '');
  const sha256 = note.slice(0, 64);
  return note === line(sha256, contents) && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined;
}

/** Removes the notes of files that somebody has removed. */
export async function removeStrayNotes(folder: string): Promise<void> {
  const names = new Set(await readdir(folder));
  const stray = [...names].filter((name) => name.startsWith(PREFIX) && !names.has(name.slice(PREFIX.length)));
  await Promise.all(stray.map((name) => rm(join(folder, name), { force: true })));
}

function line(sha256: string, { size, mtimeMs }: Contents): string {
  return `${sha256} ${String(size)} ${String(mtimeMs)}\n`;
}
