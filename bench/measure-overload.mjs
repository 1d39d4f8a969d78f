import { startChild } from './child.mjs';

const CONNECTIONS = 4;
const GRACE_SECONDS = 20;

/** In each round first what the server can do at most, then what it does when far more is asked of it. */
export async function measureOverload(
  { runningCalls, cpuMs, factor },
  { rounds, warmups, seconds },
  pinning,
) {
  const server = startChild('limits-server.mjs', [], pinning.server);
  const client = startChild('limits-client.mjs', [], pinning.client);
  const outcomes = [];
  try {
    const url = await server.ask('listen', { limits: { runningCalls } });
    await client.ask('connect', { url, connections: CONNECTIONS });
    const ask = (command, rest) => client.ask(command, { cpuMs, seconds, ...rest }, seconds + GRACE_SECONDS);
    for (let round = -warmups; round < rounds; round++) {
      const peak = await ask('saturate', { inFlight: runningCalls });
      const counts = await ask('offer', { rate: factor * peak });
      if (round >= 0) outcomes.push({ peak, ...counts });
    }
    return outcomes;
  } finally {
    await Promise.all([server.stop(), client.stop()]);
  }
}
