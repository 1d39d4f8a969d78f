import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';

import { FrameReader, FrameWriter } from './bare-frames.mjs';

export async function connect(port) {
  const socket = connectSocket({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  // A call's id is its place among the calls under way. A Map would cost a sixth of the speed at
  // 20 KB: the tables that it outgrows keep answers alive until the next full collection.
  const waiting = [];
  const freeIds = [];
  const writer = new FrameWriter(socket);
  const reader = new FrameReader((text) => {
    const { id, response } = JSON.parse(text);
    const resolve = waiting[id];
    waiting[id] = undefined;
    freeIds.push(id);
    resolve(response);
  });
  socket.on('data', (chunk) => reader.push(chunk));
  return {
    call(data) {
      const id = freeIds.pop() ?? waiting.push(undefined) - 1;
      writer.send(JSON.stringify({ id, pattern: 'echo', data }));
      return new Promise((resolve) => {
        waiting[id] = resolve;
      });
    },
  };
}
