import { afterEach, describe, expect, it } from '@jest/globals';

import { Stage } from './support/stage.js';
import { until } from './support/until.js';

// The bounds of what a server asks of its clients. Nothing that they begin ever ends here.

describe('what a server asks of a client', () => {
  const stage = new Stage();
  const never = (): Promise<never> => new Promise(() => undefined);

  afterEach(() => stage.clear());

  it('ends the connection when more pushes wait than limits.waitingCalls of the client', async () => {
    const { server, url } = await stage.serve({}, { server: { drainTimeoutMs: 100, resumeWindowMs: 100 } });
    const client = stage.client(url, {
      drainTimeoutMs: 100,
      limits: { waitingCalls: 2, runningCallsPerConnection: 3 },
    });
    const begun: unknown[] = [];
    client.handle('news', (data) => {
      begun.push(data);
      return never();
    });
    await until('it is there', () => server.hub.clients.length === 1);
    const [id] = server.hub.clients;
    for (let n = 1; n <= 5; n += 1) server.hub.broadcast.emit('news', n);
    await until('three are handled', () => begun.length === 3);
    server.hub.broadcast.emit('news', 6);
    await until('its session is gone', () => !server.hub.clients.includes(String(id)));
    expect(stage.logger.texts('warn').join()).toContain('OVERLOADED, 2 events are waiting');
    expect(begun).toEqual([1, 2, 3]);
  });

  it('waits for its turn, no more calls than limits.runningCallsPerConnection of the server', async () => {
    const options = { drainTimeoutMs: 100, limits: { runningCallsPerConnection: 3 } };
    const { server, url } = await stage.serve({}, { server: options });
    const client = stage.client(url, { drainTimeoutMs: 100, limits: { runningCallsPerConnection: 1 } });
    let begun = 0;
    client.handle('ask', () => {
      begun += 1;
      return never();
    });
    await until('it is there', () => server.hub.clients.length === 1);
    const errors: unknown[] = [];
    const ask = (): unknown =>
      server.hub
        .client(String(server.hub.clients[0]))
        .send('ask', 1, { timeoutMs: 60_000 })
        .subscribe({
          error: (error: unknown) => errors.push(error),
        });
    ask();
    await until('it runs', () => begun === 1);
    for (let n = 0; n < 4; n += 1) ask();
    expect(errors).toMatchObject([{ code: 'QUEUE_FULL', sent: 'never' }]);
    expect(begun).toBe(1);
  });
});
