import { startChild } from './child.mjs';

/** A contestant's server and client, each in a process of its own. */
export async function startPair(contestant, pinning) {
  const server = startChild('server-process.mjs', [contestant], pinning.server);
  const client = startChild('client-process.mjs', [contestant], pinning.client);
  const stop = () => Promise.all([server.stop(), client.stop()]);
  try {
    const address = await server.ask('listen');
    await client.ask('connect', { address, connections: 1 });
    return { server, client, address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
