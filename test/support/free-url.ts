import { createServer } from 'node:net';

/**
 * Below the ports that a system gives to whoever asks for any: none of these is taken before its test uses it, nor while what
 * listened there is started again, however long that takes. Each of Jest's workers has some of its own.
 */
const FIRST_PORT = 11_000;
const PORTS_OF_WORKER = 1_200;
const workersPort = FIRST_PORT + (Number(process.env['JEST_WORKER_ID'] ?? 0) % 4) * PORTS_OF_WORKER;
let tried = Math.floor(Math.random() * PORTS_OF_WORKER);

/** Where nothing listens, yet; never the same one twice. */
export async function freeUrl(): Promise<string> {
  for (;;) {
    tried += 1;
    const port = workersPort + (tried % PORTS_OF_WORKER);
    if (await isFree(port)) return `tcp://127.0.0.1:${String(port)}`;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  if (isListening) await new Promise((resolve) => probe.close(resolve));
  return isListening;
}
