import { once } from 'node:events';
import { createServer } from 'node:net';

import { FrameReader, FrameWriter } from './bare-frames.mjs';

const handlers = new Map([['echo', (data) => data]]);

export async function listen() {
  const server = createServer({ noDelay: true }, (socket) => {
    const writer = new FrameWriter(socket);
    const reader = new FrameReader((text) => {
      const { id, pattern, data } = JSON.parse(text);
      const response = handlers.get(pattern)(data);
      writer.send(JSON.stringify({ id, response, isDisposed: true }));
    });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: server.address().port,
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    hasHeartbeats: false,
  };
}
