import { performance } from 'node:perf_hooks';

import type { HeartwireClient } from 'heartwire';

import { FilesPattern } from '../contract/files-pattern.js';
import type { UploadProgress } from '../contract/stored-file.js';
import type { Display } from './display.js';
import type { LocalFile } from './local-file.js';
import { Transfer } from './transfer.js';

type Stored = NonNullable<UploadProgress['stored']>;

/** What to send, and under which name. */
export interface Sending {
  readonly file: LocalFile;
  readonly name: string;
  /** How long to wait for a service that is away. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sends a file to the files service. A link that breaks on the way is the session's affair.
 *
 * @throws what the service refused it with, HeartwireError, or Error when what is stored is something else.
 */
export async function sendFile(client: HeartwireClient, sending: Sending, display: Display): Promise<Stored> {
  const { file, name, waitMs, signal } = sending;
  const transfer = new Transfer(name, file.size);
  let stored: Stored | undefined;
  display.begin(transfer);
  const answers = client.send<UploadProgress>(
    FilesPattern.put,
    { name, size: file.size },
    { stream: file.bytes(), signal, timeoutMs: waitMs },
  );
  for await (const progress of answers) {
    transfer.moved(progress.received, performance.now());
    display.moved(transfer);
    ({ stored } = progress);
  }
  if (stored === undefined) throw new Error('the files service did not say what it has stored');
  const sha256 = file.digest();
  if (stored.sha256 !== sha256) {
    throw new Error(`what is stored (SHA-256 ${stored.sha256}) is not what was sent (${sha256})`);
  }
  return stored;
}
