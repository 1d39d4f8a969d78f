// Peers that take their time, to hold what a server gives them.

import { once } from 'node:events';
import { connect } from 'node:net';

import { answer } from './child.mjs';

/** Each trickling peer sends a byte so often; they take turns, as those would that know nothing of each other. */
const TRICKLE_MS = 1_000;
const TICK_MS = 1;
const FRAME_BYTES = 1_000_000;
const SENT_BYTES = 10_000;

/** The header of a long frame, and some of it. */
const beginning = Buffer.alloc(4 + SENT_BYTES, 0x20);
beginning.writeUInt32BE(FRAME_BYTES);

let open = 0;

async function begin({ url, trickling, stopped }) {
  const { hostname: host, port } = new URL(url);
  const peers = [];
  while (peers.length < trickling + stopped) {
    const socket = connect({ host, port: Number(port) });
    socket
      .on('error', () => undefined)
      .on('close', () => open--)
      .resume();
    await once(socket, 'connect');
    open++;
    peers.push(socket);
    socket.write(peers.length > trickling ? beginning : beginning.subarray(0, 5));
  }
  let next = 0;
  const atOnce = Math.ceil((trickling * TICK_MS) / TRICKLE_MS);
  setInterval(() => {
    for (let count = 0; count < atOnce; count++) {
      const peer = peers[next++ % trickling];
      if (peer.writable) peer.write(beginning.subarray(4, 5));
    }
  }, TICK_MS);
}

answer({ begin, open: () => open });
