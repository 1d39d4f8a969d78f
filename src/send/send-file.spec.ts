import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeartwireClient } from 'heartwire';

import type { UploadProgress } from '../contract/stored-file.js';
import type { Display } from './display.js';
import { LocalFile } from './local-file.js';
import { sendFile } from './send-file.js';

const SHA256_OF_TEXT = '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1';

describe('sending a file', () => {
  let folder: string;
  let file: LocalFile;
  const display: Display = { begin() {}, moved() {}, note() {}, done() {}, failed() {} };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'send-'));
    await writeFile(join(folder, 'a'), 'text');
    file = await LocalFile.open(join(folder, 'a'));
  });

  afterEach(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  /** Sends it to a service that takes all and answers so. */
  function sendTo(...answers: UploadProgress[]): Promise<unknown> {
    const client = {
      async *send(_: string, __: object, { stream }: { stream: AsyncIterable<Buffer> }) {
        for await (const chunk of stream) expect(String(chunk)).toBe('text');
        yield* answers;
      },
    } as unknown as HeartwireClient;
    const { signal } = new AbortController();
    return sendFile(client, { file, name: 'a', waitMs: 1, signal }, display);
  }

  const stored = { name: 'a', size: 4, storedAt: '2026-11-21T00:00:00.000Z', sha256: SHA256_OF_TEXT };

  it('ends with what is stored', async () => {
    await expect(sendTo({ received: 0 }, { received: 4, stored })).resolves.toEqual(stored);
  });

  it('fails when something else is stored than was sent', async () => {
    const other = { ...stored, sha256: '0'.repeat(64) };
    await expect(sendTo({ received: 4, stored: other })).rejects.toThrow('is not what was sent');
  });

  it('fails when the service does not say what it has stored', async () => {
    await expect(sendTo({ received: 4 })).rejects.toThrow('did not say');
  });
});
