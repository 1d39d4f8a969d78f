export interface StoredFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** ISO 8601. */
  readonly storedAt: string;
}

/** What comes before the bytes of a file. */
export interface FileHead extends StoredFile {
  /** Not there for a file that came to its folder in another way. */
  readonly sha256?: string;
}

/** How far an upload is. The last one says what is stored. */
export interface UploadProgress {
  /** Bytes that are on the disk. */
  readonly received: number;
  readonly stored?: StoredFile & { readonly sha256: string };
  /** Whether there was no file of that name before; with `stored`. */
  readonly isNew?: boolean;
}
