export interface StoredFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** ISO 8601. */
  readonly storedAt: string;
}

/** How far an upload is. The last one says what is stored. */
export interface UploadProgress {
  /** Bytes that are on the disk. */
  readonly received: number;
  readonly stored?: StoredFile & { readonly sha256: string };
}
