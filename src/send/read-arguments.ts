import { basename, resolve } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

export interface Arguments {
  readonly path: string;
  readonly name: string;
  readonly url: string;
  readonly waitMs: number;
}

interface Options {
  readonly url: string;
  readonly name?: string;
  readonly wait: number;
}

/** Ends the process itself when they make no sense, or help was asked for. */
export function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const { FILES_URL = 'tcp://127.0.0.1:4002', INIT_CWD = process.cwd() } = env;
  const command = new Command('npm run send --')
    .description('Sends a file to the files service of the demo, over Heartwire.')
    .argument('<file>', 'what to send')
    .option('-u, --url <url>', 'where the files service is (or FILES_URL)', FILES_URL)
    .option('-n, --name <name>', 'what to call it there (default: as it is called here)')
    .option('-w, --wait <seconds>', 'how long to wait for a service that is away', readSeconds, 30)
    .parse(argv);
  const [file = ''] = command.args;
  const { url, name = basename(file), wait } = command.opts<Options>();
  // npm runs scripts elsewhere than where it was called. Some systems keep letters and accents apart.
  return { path: resolve(INIT_CWD, file), name: name.normalize('NFC'), url, waitMs: wait * 1_000 };
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds, up to 86400.');
}
