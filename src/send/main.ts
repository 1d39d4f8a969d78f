import { Logger } from '@nestjs/common';
import { HeartwireClient } from 'heartwire';
import { skip } from 'rxjs';

import { settings } from '../contract/settings.js';
import { BarDisplay } from './bar-display.js';
import { shownBytes } from './figures.js';
import { failureText } from './failure-text.js';
import { LinesDisplay } from './lines-display.js';
import { LocalFile } from './local-file.js';
import { readArguments } from './read-arguments.js';
import { sendFile } from './send-file.js';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** What is cancelled is told to the service, and not waited for longer than this. */
const LEAVE_MS = 2_000;

const { path, name, url, waitMs } = readArguments(process.argv, settings());
// A terminal that doesn't know its width can't show a bar.
const display =
  process.stdout.isTTY && process.stdout.columns > 0
    ? new BarDisplay()
    : new LinesDisplay(
        (line) => process.stdout.write(`${line}\n`),
        (line) => process.stderr.write(`${line}\n`),
      );

const cancelling = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    process.exitCode = EXIT_CODES[signal];
    cancelling.abort();
  });
}

// Whoever read it has left, or its disk is full.
process.stdout.on('error', () => {
  process.exitCode = 1;
  cancelling.abort();
});
process.stderr.on('error', () => undefined);

// The connection tells of itself through the display.
Logger.overrideLogger(false);

let client: HeartwireClient | undefined;
let file: LocalFile | undefined;
try {
  file = await LocalFile.open(path);
  client = new HeartwireClient({ url, name: 'send', drainTimeoutMs: LEAVE_MS });
  client.status.pipe(skip(1)).subscribe((status) => {
    if (status === 'reconnecting') display.note(`The connection to ${url} is lost. It comes back by itself`);
  });
  const stored = await sendFile(client, { file, name, waitMs, signal: cancelling.signal }, display);
  display.done(`Stored ${stored.name}: ${shownBytes(stored.size)}, SHA-256 ${stored.sha256}`);
} catch (failure) {
  const isCancelled = cancelling.signal.aborted;
  display.failed(isCancelled ? 'Cancelled: nothing of it is kept' : failureText(failure, url));
  process.exitCode ??= 1;
} finally {
  await client?.close();
  await file?.close();
}
