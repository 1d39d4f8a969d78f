import { once } from 'node:events';
import { createServer } from 'node:http';

import { Server } from 'socket.io';

export async function listen() {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], serveClient: false });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    address: `ws://127.0.0.1:${http.address().port}`,
    connections: () => io.engine.clientsCount,
    broadcast: (data) => io.emit('said', data),
  };
}
