import { once } from 'node:events';

import { io } from 'socket.io-client';

export async function connect(url, onPush) {
  const socket = io(url, { transports: ['websocket'], forceNew: true });
  socket.on('said', onPush);
  await once(socket, 'connect');
}
