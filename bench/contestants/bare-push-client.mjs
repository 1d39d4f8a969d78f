import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';

import { FrameReader } from './bare-frames.mjs';

export async function connect(port, onPush) {
  const socket = connectSocket({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const reader = new FrameReader((text) => onPush(JSON.parse(text).data));
  socket.on('data', (chunk) => reader.push(chunk));
}
