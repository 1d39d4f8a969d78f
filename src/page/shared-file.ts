/** A file that somebody shares in a conversation. */
export interface SharedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

const SHARED = /^\/files\/([^\s/?#]+) \((\d{1,15}) bytes, SHA-256 ([0-9a-f]{64})\)$/;

/** As text, so that a terminal can show it too. */
export function sharedFileText({ name, size, sha256 }: SharedFile): string {
  return `${filePath(name)} (${String(size)} bytes, SHA-256 ${sha256})`;
}

/** The file that a message shares, if it does. */
export function readSharedFile(text: string): SharedFile | undefined {
  const [, path, size, sha256] = SHARED.exec(text) ?? [];
  if (path === undefined || sha256 === undefined) return undefined;
  try {
    return { name: decodeURIComponent(path), size: Number(size), sha256 };
  } catch {
    return undefined;
  }
}

/** Where the gateway has it: never elsewhere, whatever the name. */
export function filePath(name: string): string {
  return `/files/${encodeURIComponent(name)}`;
}

const STEM_LENGTH = 50;
const STEM_AND_ENDING = /^(.+)\.([a-z0-9]{1,12})$/is;

/** A name that the files service takes, and that no other file has: what is shared stays what it is. */
export function storedName(name: string, suffix: string): string {
  const [, stem = name, ending] = STEM_AND_ENDING.exec(name) ?? [];
  const kept = plain(stem).slice(0, STEM_LENGTH) || 'file';
  return `${kept}-${suffix}${ending === undefined ? '' : `.${ending}`}`;
}

function plain(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}_-]+/gu, '-')
    .replaceAll(/^[_-]+|[_-]+$/g, '');
}

const UNITS = ['bytes', 'kB', 'MB', 'GB'];

export function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? String(value) : value.toFixed(1)} ${UNITS[power] ?? ''}`;
}
