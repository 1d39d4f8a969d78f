import type { Socket } from 'node:net';

/** Breaks a connection off: the other end sees a reset. */
export function resetSocket(socket: Socket): void {
  // A socket can't be reset while it says that it has finished: Node would never close it.
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
