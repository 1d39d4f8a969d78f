import type { ConnectionListener } from './connection-listener.js';

/**
 * Tells a listener its news in turns of their own, in order, and before any promise that settles with them: who hears
 * of them may close the client, or throw, which must not meet a connection in the midst of a move. Only the status is
 * told at once, so that it is never an old one; those who tell it have finished their move.
 */
export function deferredListener(listener: ConnectionListener): ConnectionListener {
  return {
    statusChanged: (status) => listener.statusChanged(status),
    connected: () => {
      queueMicrotask(() => listener.connected());
    },
    lost: () => {
      queueMicrotask(() => listener.lost());
    },
    attemptFailed: (error) => {
      queueMicrotask(() => listener.attemptFailed(error));
    },
    livenessChanged: (endpoint, liveness) => {
      queueMicrotask(() => listener.livenessChanged(endpoint, liveness));
    },
  };
}
