import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { LeakGuard } from './support/leak-guard.js';

describe('the guard against leaks', () => {
  let cleanUps: readonly (() => unknown)[] = [];

  afterEach(() => {
    for (const cleanUp of cleanUps) cleanUp();
    cleanUps = [];
  });

  it('lets pass what is closed, if it takes a moment', async () => {
    const guard = new LeakGuard();
    guard.begin();
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    server.close();
    await guard.check();
  });

  it.each([
    [
      'Timeout',
      (): (() => void) => {
        const timer = setTimeout(() => undefined, 60_000);
        return () => clearTimeout(timer);
      },
    ],
    [
      'TCP',
      async (): Promise<() => void> => {
        const server = createServer().listen(0, '127.0.0.1');
        await once(server, 'listening');
        return () => server.close();
      },
    ],
    [
      'SIGUSR2',
      (): (() => void) => {
        const listener = (): void => undefined;
        process.on('SIGUSR2', listener);
        return () => process.off('SIGUSR2', listener);
      },
    ],
  ])('names what is left: %s', async (name, leak) => {
    const guard = new LeakGuard(50);
    guard.begin();
    // More than anything else in this process may let go of meanwhile.
    cleanUps = await Promise.all(Array.from({ length: 5 }, async () => leak()));
    await expect(guard.check()).rejects.toThrow(new RegExp(`^still there: (.*, )?[1-5] .*${name}`));
  });
});
