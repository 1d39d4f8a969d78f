/** What `files` can be asked. */
export const FilesPattern = {
  /** Answers with a stream of `StoredFile`. */
  list: 'files.list',
  /** Takes a stream of bytes; answers with `UploadProgress`. */
  put: 'files.put',
  /** Answers with a `FileHead`, then its bytes. */
  get: 'files.get',
} as const;
