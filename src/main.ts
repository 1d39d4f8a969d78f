import { fileURLToPath } from 'node:url';

import { ServiceGroup } from './launcher/service-group.js';
import { settings } from './contract/settings.js';
import { whatToTry } from './launcher/what-to-try.js';

const { stdout } = process;
const env = settings();
const print = (line: string): void => {
  stdout.write(`${line}\n`);
};
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const group = new ServiceGroup(print);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => group.stop(signal));
}

// The services write to us, not to a terminal.
const serviceEnv = stdout.isTTY ? env : { ...env, NO_COLOR: '1' };
try {
  const chat = await group.start('chat', pathOf('./chat/main.js'), serviceEnv);
  const files = await group.start('files', pathOf('./files/main.js'), serviceEnv);
  const gateway = await group.start('gateway', pathOf('./gateway/main.js'), {
    CHAT_URL: chat.address,
    FILES_URL: files.address,
    ...serviceEnv,
  });
  print(whatToTry(gateway.address, chat, env.CHAT_TCP_PORT));
} catch (error) {
  // Who stops it while it starts is told nothing, and gets what it ends with.
  if (!group.isStopping) {
    print(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
    group.stop('SIGTERM');
  }
}

const exitCode = await group.ended();
process.exitCode ??= exitCode;
