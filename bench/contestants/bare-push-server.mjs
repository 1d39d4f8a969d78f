import { once } from 'node:events';
import { createServer } from 'node:net';

import { FrameWriter } from './bare-frames.mjs';

/** Texts of one tick leave each socket as one write, as everywhere in bare. */
export async function listen() {
  const writers = new Set();
  const server = createServer({ noDelay: true }, (socket) => {
    const writer = new FrameWriter(socket);
    writers.add(writer);
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => writers.delete(writer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: server.address().port,
    connections: () => writers.size,
    broadcast(data) {
      const text = JSON.stringify({ pattern: 'said', data });
      for (const writer of writers) writer.send(text);
    },
  };
}
