import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { RedisConnection } from './redis-connection.js';

/** What a client of ioredis says before it counts as connected, and what this connection adds. */
const COMMANDS = /setinfo|xadd/gi;

describe('a connection to Redis', () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let connection: RedisConnection;
  let answerTo: (command: string, socket: Socket) => void;

  beforeEach(async () => {
    answerTo = (_, socket) => socket.write('+OK\r\n');
    server = createServer((socket) => {
      let said = '';
      let answered = 0;
      sockets.add(socket.on('error', () => undefined));
      socket.on('data', (bytes) => {
        said += String(bytes);
        const commands = said.match(COMMANDS) ?? [];
        for (const command of commands.slice(answered)) answerTo(command.toLowerCase(), socket);
        answered = commands.length;
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    connection = new RedisConnection(`redis://127.0.0.1:${String(port)}`, 'key');
    await connection.open();
  });

  afterEach(async () => {
    connection.destroy();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server.close();
    await once(server, 'close');
  });

  const append = (): Promise<unknown> =>
    connection.append(['notice', '{}'], 10).catch((error: unknown) => error);

  it('that the other end has closed says so, whenever it is asked for something', async () => {
    answerTo = (_, socket) => socket.end();
    expect(await append()).toMatchObject({ message: 'the connection was closed' });
    expect(await append()).toMatchObject({ message: 'the connection was closed' });
  });

  it('tells what Redis refuses in the words of Redis', async () => {
    answerTo = (_, socket) => socket.write('-OOM no room\r\n');
    expect(await append()).toMatchObject({ message: 'OOM no room' });
  });
});
