import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { Handshakes, type HandshakeLimits } from './handshakes.js';
import type { WebSocketUpgrade } from './web-socket-upgrade.js';

/** Speaks HTTP on sockets that somebody else has accepted, as far as it takes to open a WebSocket. */
export class WebSocketPort {
  private readonly http: Server;
  private readonly handshakes: Handshakes;
  private readonly timers = new WeakMap<Socket, NodeJS.Timeout>();

  constructor(
    private readonly upgrade: WebSocketUpgrade,
    private readonly limits: HandshakeLimits,
  ) {
    this.handshakes = new Handshakes(limits.handshakes);
    this.http = createServer((request, response) => this.refuse(request, response)).on(
      'upgrade',
      (request: IncomingMessage, socket: Socket, head: Buffer) => {
        clearTimeout(this.timers.get(socket));
        this.handshakes.end(socket);
        upgrade.accept(request, socket, head);
      },
    );
  }

  /** A connection is here. It must ask for a WebSocket within `handshakeTimeoutMs`, however its request trickles. */
  take(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), this.limits.handshakeTimeoutMs);
    this.timers.set(socket, timer);
    socket.once('close', () => {
      clearTimeout(timer);
    });
    this.handshakes.begin(socket);
    if (!socket.destroyed) this.http.emit('connection', socket);
  }

  /** Gives up the requests under way. */
  stop(): void {
    this.handshakes.stop();
  }

  private refuse(request: IncomingMessage, response: ServerResponse): void {
    const isMeant = this.upgrade.isMeant(request);
    response.writeHead(isMeant ? 426 : 404, {
      Connection: 'close',
      'Content-Type': 'text/plain',
      ...(isMeant && { Upgrade: 'websocket' }),
    });
    response.end(isMeant ? 'Upgrade Required: this is a WebSocket\n' : 'Not Found\n');
  }
}
