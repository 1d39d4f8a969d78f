// A server that pushes to all its clients: Heartwire's, or socket.io's.

import { answer } from './child.mjs';
import { settledMemory } from './settled-memory.mjs';

const { listen } = await import(`./contestants/${process.argv[2]}-push-server.mjs`);
let server;

answer({
  async listen() {
    server = await listen();
    return server.address;
  },
  connections: () => server.connections(),
  /** Says something to everybody, so many times. */
  broadcast({ data, atOnce }) {
    for (let count = 0; count < atOnce; count++) server.broadcast(data);
  },
  settledMemory,
});
