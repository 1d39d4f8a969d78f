// What the platform itself moves: a Readable piped into a socket.

import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { pipeline } from 'node:stream/promises';

export async function connect(port) {
  const probe = connectSocket({ host: '127.0.0.1', port });
  await once(probe, 'connect');
  probe.destroy();
  return {
    async upload(stream) {
      const socket = connectSocket({ host: '127.0.0.1', port });
      let text = '';
      socket.setEncoding('utf8').on('data', (part) => (text += part));
      const isClosed = once(socket, 'close');
      await pipeline(stream, socket);
      await isClosed;
      return Number(text);
    },
  };
}
