import { once } from 'node:events';
import { createServer } from 'node:net';

export async function listen() {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.on('end', () => socket.end(String(bytes)));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: server.address().port, connections: () => 0, hasHeartbeats: false };
}
